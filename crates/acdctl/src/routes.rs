//! Answers `routes FILE`: where do calls go whose adapter names no queue, and where would this one?

use crate::act::each_once;
use crate::channel::{Channel, word};
use crate::check;
use crate::cli::key_and_value;
use crate::failure::Failure;
use crate::output::Output;
use crate::rows::{Levels, asked_text};
use crate::table::Table;
use acd_config::{Arriving, Match, RoutingPlan, Said, SkillId};
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What routes look at besides attributes.
#[derive(Args, Debug)]
pub(crate) struct NumbersArguments {
    /// The number that was dialled.
    #[arg(long, value_name = "NUMBER", default_value = "", hide_default_value = true)]
    pub(crate) dialed: String,
    /// The number of the caller.
    #[arg(long, value_name = "NUMBER", default_value = "", hide_default_value = true)]
    pub(crate) caller: String,
}

#[derive(Args, Debug)]
pub(crate) struct RoutesArguments {
    /// The configuration file.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) numbers: NumbersArguments,
    /// By which means the caller is in touch.
    #[arg(long, value_enum, default_value_t = Channel::Voice)]
    pub(crate) channel: Channel,
    /// What is said of the call besides; may be given again.
    #[arg(long = "attribute", value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(crate) attributes: Vec<(String, String)>,
}

/// All routes, and what becomes of a call.
#[derive(Debug, Serialize)]
struct Routes {
    routes: Vec<RouteRow>,
    /// The call's route; none if no call was described, or if there are no routes.
    taken: Option<usize>,
    #[serde(skip)]
    tried: bool,
}

#[derive(Debug, Serialize)]
struct RouteRow {
    /// Counted from 0, as problems of a configuration count them.
    route: usize,
    r#match: Looked,
    queue: String,
    priority: Option<u8>,
    preferred_agent: Option<String>,
    require: Levels,
    any_of: Vec<Levels>,
    /// Why the call does not take it; none if it does, or has taken one before.
    mismatch: Option<String>,
}

/// The patterns, as they are written.
#[derive(Debug, Default, Serialize)]
struct Looked {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dialed: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    caller: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    channel: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, Vec<String>>,
}

pub(crate) fn routes(arguments: RoutesArguments, output: Output) -> Result<(), Failure> {
    let RoutesArguments { file, numbers, channel, attributes } = arguments;
    let NumbersArguments { dialed, caller } = numbers;
    let attributes: Vec<(String, String)> = each_once(attributes)?.into_iter().collect();
    let config = acd_config::load(&file).map_err(|error| check::broken(error, output))?;
    let plan = &config.plan;
    let channel = word(channel.on_the_wire());
    let by_voice = channel == word(Channel::Voice.on_the_wire());
    let tried = !(dialed.is_empty() && caller.is_empty() && attributes.is_empty() && by_voice);
    let call = Arriving { dialed: &dialed, caller: &caller, channel, attributes: &attributes };
    let taken = plan.route_of(call).map(|(route, _)| route.index()).filter(|_| tried);
    let rows = (0..plan.routes.len()).map(|route| {
        let mismatch = plan.routes[route].first_mismatch(call).filter(|_| {
            // Those after the one that it takes are not looked at.
            taken.is_some_and(|taken| route < taken)
        });
        RouteRow { mismatch: mismatch.map(|it| why_not(it, call)), ..row(plan, route) }
    });
    output.answer(&Routes { routes: rows.collect(), taken, tried }, text)
}

fn row(plan: &RoutingPlan, route: usize) -> RouteRow {
    let planned = &plan.routes[route];
    let mut looked = Looked::default();
    for Match { of, any_of } in &planned.when {
        let patterns: Vec<String> = any_of.iter().map(|pattern| pattern.0.clone()).collect();
        match of {
            Said::Dialed => looked.dialed = patterns,
            Said::Caller => looked.caller = patterns,
            Said::Channel => looked.channel = patterns,
            Said::Attribute(key) => drop(looked.attributes.insert(key.clone(), patterns)),
        }
    }
    let extra = planned.extra.map(|extra| plan.extras[extra.index()].clone()).unwrap_or_default();
    let levels = |asked: &[(SkillId, u8)]| -> Levels {
        let named = asked
            .iter()
            .map(|(skill, level)| (plan.skills[skill.index()].clone(), u32::from(*level)));
        named.collect()
    };
    RouteRow {
        route,
        r#match: looked,
        queue: plan.queues[planned.queue.index()].name.clone(),
        priority: planned.priority.map(|priority| priority.get()),
        preferred_agent: planned.preferred.map(|agent| plan.agents[agent.index()].id.clone()),
        require: levels(&extra.skills),
        any_of: extra.any_of.iter().map(|one| levels(one)).collect(),
        mismatch: None,
    }
}

/// The first thing that the call is not.
fn why_not(mismatch: &Match, call: Arriving<'_>) -> String {
    let patterns: Vec<String> = mismatch.any_of.iter().map(|it| format!("{:?}", it.0)).collect();
    let wanted = patterns.join(" or ");
    let (what, said) = match &mismatch.of {
        Said::Dialed => ("dialed".to_owned(), Some(call.dialed).filter(|it| !it.is_empty())),
        Said::Caller => ("caller".to_owned(), Some(call.caller).filter(|it| !it.is_empty())),
        Said::Channel => ("channel".to_owned(), Some(call.channel)),
        Said::Attribute(key) => {
            let named = call.attributes.iter().find(|(it, _)| it == key);
            (format!("attribute {key}"), named.map(|(_, value)| value.as_str()))
        }
    };
    match said {
        Some(said) => format!("{what} is {said:?}, not {wanted}"),
        None => format!("{what} is not known, and should be {wanted}"),
    }
}

fn text(routes: &Routes) -> String {
    if routes.routes.is_empty() {
        return "no routes: adapters must name the queue".to_owned();
    }
    let mut heads = vec!["ROUTE>", "MATCH", "QUEUE", "PRIORITY>", "FOR", "REQUIRE"];
    if routes.tried {
        heads.push("THIS CALL");
    }
    let mut table = Table::new(&heads);
    for row in &routes.routes {
        let priority = row.priority.map_or_else(|| "-".to_owned(), |it| it.to_string());
        let mut cells = vec![
            row.route.to_string(),
            match_text(&row.r#match),
            row.queue.clone(),
            priority,
            row.preferred_agent.clone().unwrap_or_else(|| "-".to_owned()),
            asked_text(&row.require, &row.any_of),
        ];
        if routes.tried {
            cells.push(match &row.mismatch {
                Some(why) => format!("no: {why}"),
                None if routes.taken == Some(row.route) => "takes this route".to_owned(),
                None => "-".to_owned(),
            });
        }
        table.row(cells);
    }
    table.text()
}

/// `dialed +1555*, tier gold or s*`; `every call` for nothing.
fn match_text(looked: &Looked) -> String {
    let numbers =
        [("dialed", &looked.dialed), ("caller", &looked.caller), ("channel", &looked.channel)];
    let attributes = looked.attributes.iter().map(|(key, patterns)| (key.as_str(), patterns));
    let all: Vec<String> = numbers
        .into_iter()
        .chain(attributes)
        .filter(|(_, patterns)| !patterns.is_empty())
        .map(|(what, patterns)| format!("{what} {}", patterns.join(" or ")))
        .collect();
    if all.is_empty() { "every call".to_owned() } else { all.join(", ") }
}
