//! `GET /api/explain`: why a call is where it is, in sentences; the same that `acdctl explain` prints.

use super::Site;
use super::problem::Problem;
use acd_proto::v1;
use acd_proto::v1::supervisor_service_server::SupervisorService as _;
use acd_words::times::Instant;
use acd_words::{Line, Told};
use axum::Json;
use axum::extract::{Query, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tonic::Request;

const SECONDS_A_DAY: i64 = 86_400;

/// Which call, and how its reader counts the hours.
#[derive(Debug, Deserialize)]
pub(super) struct Question {
    adapter: String,
    call_id: String,
    /// What keeps this agent from it.
    #[serde(default)]
    agent: String,
    /// How far the reader's time of day is ahead of UTC.
    #[serde(default)]
    utc_offset_minutes: i32,
}

#[derive(Serialize)]
struct Answer {
    epoch: u64,
    number: u64,
    headline: String,
    story: Vec<StoryLine>,
    present: Vec<String>,
}

#[derive(Serialize)]
struct StoryLine {
    at: String,
    said: String,
    why: String,
}

pub(super) async fn explain(
    State(Site { supervisors, .. }): State<Site>,
    Query(question): Query<Question>,
) -> Result<Response, Problem> {
    let Question { adapter, call_id, agent, utc_offset_minutes } = question;
    let request = v1::ExplainRequest {
        call: Some(v1::CallRef { adapter, call_id }),
        agent: agent.clone(),
        ..v1::ExplainRequest::default()
    };
    let answer = supervisors.explain(Request::new(request)).await?.into_inner();
    let time_of_day = |at: &Instant| time_of_day(at, utc_offset_minutes);
    let told = Told { answer: &answer, agent: &agent, time_of_day: &time_of_day };
    let v1::Position { epoch, number } = answer.position.unwrap_or_default();
    let story = told.story().into_iter();
    let answer = Answer {
        epoch,
        number,
        headline: told.headline(),
        story: story.map(|Line { at, said, why }| StoryLine { at, said, why }).collect(),
        present: told.present(),
    };
    Ok(([(CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

/// `14:03:22`, so far ahead of UTC.
fn time_of_day(at: &Instant, utc_offset_minutes: i32) -> String {
    let there = at.seconds.saturating_add(60 * i64::from(utc_offset_minutes));
    let of_day = there.rem_euclid(SECONDS_A_DAY);
    format!("{:02}:{:02}:{:02}", of_day / 3_600, of_day / 60 % 60, of_day % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_the_readers() {
        let at = Instant { seconds: 1_700_000_000, nanos: 0 };
        assert_eq!(time_of_day(&at, 0), "22:13:20");
        assert_eq!(time_of_day(&at, 120), "00:13:20");
        assert_eq!(time_of_day(&at, -210), "18:43:20");
    }
}
