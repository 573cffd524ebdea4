//! How evenly offers fell on those who worked.

use super::row::AgentRow;
use crate::rows::thousandths;
use serde::Serialize;

/// Who has worked less says nothing by his offers.
pub(super) const WORKED_AT_LEAST_SECONDS: f64 = 15.0 * 60.0;

/// Offers for each hour of work, over the agents who worked.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Fairness {
    /// How many agents there were who worked long enough.
    pub(super) agents: usize,
    pub(super) offers_per_working_hour_min: f64,
    pub(super) offers_per_working_hour_median: f64,
    pub(super) offers_per_working_hour_max: f64,
    /// Of R. Jain, D. Chiu and W. Hawe, "A Quantitative Measure of Fairness and Discrimination for Resource
    /// Allocation in Shared Computer Systems", DEC Research Report TR-301, 1984: the square of the sum over
    /// n times the sum of the squares. 1 when all have the same, 1/n when one has all.
    pub(super) jain_index: f64,
}

impl Fairness {
    /// None where fewer than two worked long enough, or nobody was offered anything.
    pub(super) fn of(agents: &[AgentRow]) -> Option<Self> {
        let worked = agents.iter().map(|agent| &agent.line);
        let worked = worked.filter(|agent| agent.working_seconds >= WORKED_AT_LEAST_SECONDS);
        let mut rates: Vec<f64> =
            worked.map(|agent| agent.offers as f64 * 3_600.0 / agent.working_seconds).collect();
        rates.sort_by(f64::total_cmp);
        let [min, .., max] = rates[..] else { return None };
        let (sum, squares) =
            rates.iter().fold((0.0, 0.0), |(sum, squares), x| (sum + x, squares + x * x));
        let middle = rates.len() / 2;
        let median = match rates.len() % 2 {
            0 => f64::midpoint(rates[middle - 1], rates[middle]),
            _ => rates[middle],
        };
        (squares > 0.0).then(|| Self {
            agents: rates.len(),
            offers_per_working_hour_min: thousandths(min),
            offers_per_working_hour_median: thousandths(median),
            offers_per_working_hour_max: thousandths(max),
            jain_index: thousandths(sum * sum / (rates.len() as f64 * squares)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::row::AgentLine;

    fn worked(hours_and_offers: &[(f64, u64)]) -> Option<Fairness> {
        let agent = |(hours, offers): &(f64, u64)| AgentRow {
            line: AgentLine {
                working_seconds: hours * 3_600.0,
                offers: *offers,
                ..AgentLine::default()
            },
            ..AgentRow::default()
        };
        let agents: Vec<AgentRow> = hours_and_offers.iter().map(agent).collect();
        Fairness::of(&agents)
    }

    #[test]
    fn it_is_one_where_all_have_the_same_for_each_hour() {
        let fairness = worked(&[(8.0, 80), (4.0, 40), (0.1, 9)]).expect("two worked");
        assert_eq!((fairness.agents, fairness.jain_index), (2, 1.0), "9 in 6 minutes say nothing");
        assert_eq!(fairness.offers_per_working_hour_median, 10.0);
    }

    #[test]
    fn it_is_one_nth_where_one_has_all() {
        let fairness = worked(&[(1.0, 12), (1.0, 0), (1.0, 0), (1.0, 0)]).expect("four worked");
        assert_eq!(fairness.jain_index, 0.25);
        let Fairness { offers_per_working_hour_min: min, offers_per_working_hour_max: max, .. } =
            fairness;
        assert_eq!((min, fairness.offers_per_working_hour_median, max), (0.0, 0.0, 12.0));
    }

    #[test]
    fn one_alone_is_compared_with_nobody() {
        assert_eq!(worked(&[(8.0, 80)]), None);
        assert_eq!(worked(&[(8.0, 0), (8.0, 0)]), None, "nothing was offered");
    }
}
