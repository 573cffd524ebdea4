//! Calls whose adapter names no queue: which route they take, and what is kept of them.

use super::*;
use acd_core::{Command, ExtraId, Match, Pattern, Priority, QueueId, Route, RouteId, Said};
use acd_journal::{CommandLog as _, MemoryLog};

fn route(of: Said, pattern: &str, queue: u16) -> Route {
    let any_of = vec![Pattern(pattern.to_owned())];
    let when = vec![Match { of, any_of }];
    Route { when, queue: QueueId(queue), priority: None, extra: None, preferred: None }
}

/// Who dials ...0100 wants billing, in Nursing too; whoever is of tier `stat` is an emergency for
/// the nurse, and callers from +52 go there; everybody else wants billing.
fn routed() -> Arc<RoutingPlan> {
    let mut plan = RoutingPlan::clone(&plan());
    plan.extras = vec![Requirement { skills: vec![(SkillId(1), 2)], any_of: Vec::new() }];
    let tier = Said::Attribute("tier".to_owned());
    plan.routes = vec![
        Route { extra: Some(ExtraId(0)), ..route(Said::Dialed, "*0100", 0) },
        Route { priority: Some(Priority::EMERGENCY), ..route(tier, "stat", 1) },
        route(Said::Caller, "+52*", 1),
        Route { when: Vec::new(), ..route(Said::Dialed, "", 0) },
    ];
    Arc::new(plan)
}

fn by_routes(call_id: &str, dialed: &str, caller: &str) -> OfferedCall {
    let (dialed, caller) = (dialed.to_owned(), caller.to_owned());
    OfferedCall { dialed, caller, waited: Span(0), ..held_call(call_id, "") }
}

/// Where each call began to wait, how urgent, and by which route.
async fn entries(log: &MemoryLog) -> Vec<(QueueId, u8, Option<ExtraId>, Option<RouteId>)> {
    let batches = log.read(1).await.expect("it can be read");
    let commands = batches.iter().flat_map(|batch| &batch.entries).map(|entry| &entry.command);
    let entry = |command: &Command| match command {
        Command::CallOffered { entry, .. } => {
            Some((entry.queue, entry.priority.get(), entry.extra, entry.route))
        }
        _ => None,
    };
    commands.filter_map(entry).collect()
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_queue_takes_the_first_route_that_matches() {
    let log = Arc::new(MemoryLog::new());
    let running = run_by(routed(), Shared(Arc::clone(&log)), Settings::default());
    let mut pbx = running.connect("pbx", 7).await;
    let stat = vec![("tier".to_owned(), "stat".to_owned())];
    let calls = [
        by_routes("c1", "+15550100", "+5255"),
        OfferedCall { attributes: stat.clone(), ..by_routes("c2", "", "+5255") },
        OfferedCall {
            attributes: stat,
            priority: Some(Priority::LOWEST),
            ..by_routes("c3", "", "")
        },
        by_routes("c4", "2000", "+5255"),
        by_routes("c5", "", ""),
        OfferedCall { queue: "nurse".to_owned(), ..by_routes("c6", "+15550100", "") },
    ];
    for call in calls {
        pbx.say(AdapterMessage::CallOffered(call)).await;
    }
    pbx.acknowledged(pbx.number).await;
    let (billing, nurse) = (QueueId(0), QueueId(1));
    let expected = [
        (billing, 5, Some(ExtraId(0)), Some(RouteId(0))),
        (nurse, 9, None, Some(RouteId(1))),
        (nurse, 0, None, Some(RouteId(1))),
        (nurse, 5, None, Some(RouteId(2))),
        (billing, 5, None, Some(RouteId(3))),
        (nurse, 5, None, None),
    ];
    assert_eq!(entries(&log).await, expected, "what the adapter says itself counts");
    let places = running.calls().into_iter().map(|row| row.places[0].require.clone());
    let asked: Vec<_> = places.map(|asked| asked.skills.to_vec()).collect();
    let levels = |skills: &[(&str, u8)]| -> Vec<(Arc<str>, u8)> {
        skills.iter().map(|(skill, level)| (Arc::from(*skill), *level)).collect()
    };
    assert_eq!(asked[0], levels(&[("billing", 3), ("nursing", 2)]), "besides the queue's own");
    assert_eq!(asked[4], levels(&[("billing", 3)]));

    // Ben can bill, and no more; ana has a nurse's skills, too.
    running.ready("ben").await;
    assert_eq!(pbx.rings().await, 1);
    assert_eq!(&*running.offer_to("ben").expect("it rings").call.call_id, "c5");
}

#[tokio::test(start_paused = true)]
async fn without_routes_a_call_must_have_a_queue() {
    let running = run_on(MemoryLog::new());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.say(AdapterMessage::CallOffered(by_routes("c1", "+15550100", "+15550199"))).await;
    let DownBody::Rejected { code, field, message, .. } = pbx.body().await else {
        panic!("a rejection was to come")
    };
    assert_eq!((code, field), (code::NO_ROUTES, "queue"));
    assert!(message.contains("name a queue, or add [[routes]]"), "{message}");
    assert!(!message.contains("5550"), "nothing of the caller: {message}");
    assert!(running.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn numbers_are_kept_with_the_call_over_a_restart() {
    let log = Arc::new(MemoryLog::new());
    let running = run_by(routed(), Shared(Arc::clone(&log)), Settings::default());
    let mut pbx = running.connect("pbx", 7).await;
    pbx.say(AdapterMessage::CallOffered(by_routes("c1", "+15550100", "+15550199"))).await;
    pbx.acknowledged(pbx.number).await;
    let numbers = |running: &Running| {
        let calls = running.calls();
        (calls[0].call.dialed.to_string(), calls[0].call.caller.to_string())
    };
    let expected = ("+15550100".to_owned(), "+15550199".to_owned());
    assert_eq!(numbers(&running), expected);
    drop(pbx);
    running.domain.stop().await;
    let replica = recovered(&*log).await;
    let settings = Settings { epoch: 2, ..Settings::default() };
    let running = run_from(routed(), Shared(log), replica, settings);
    assert_eq!(numbers(&running), expected);
}

#[tokio::test(start_paused = true)]
async fn a_call_found_by_a_resync_takes_its_route_with_the_wait_that_it_has() {
    let running = run_by(routed(), MemoryLog::new(), Settings::default());
    let mut pbx = running.open(hello("pbx", 7, 0, 0)).await;
    pbx.holds(ResyncPart::Call(OfferedCall {
        waited: Span::from_secs(60),
        ..by_routes("c1", "2000", "+5255")
    }))
    .await;
    pbx.holds(ResyncPart::Done).await;
    let resynced = DownBody::Resynced { known: 0, adopted: 1, vanished: 0 };
    assert_eq!(pbx.body().await, resynced);
    let row = &running.calls()[0];
    assert_eq!(&*row.places[0].queue, "nurse");
    let waited = running.domain.status().now.since(row.places[0].since);
    assert!(waited >= Span::from_secs(60), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_caller_handed_on_to_a_number_waits_where_its_route_leads_and_asks_for_what_it_did() {
    let running = run_by(routed(), MemoryLog::new(), Settings::default());
    running.ready("ana").await;
    let mut pbx = running.connect("pbx", 7).await;
    pbx.say(AdapterMessage::CallOffered(by_routes("c1", "+15550100", "+5255"))).await;
    let offer = pbx.rings().await;
    pbx.result(offer, OfferResult::Accepted).await;
    assert!(matches!(pbx.order().await, Order::Connect { .. }));
    pbx.say(AdapterMessage::CallBridged { offer, epoch: 0 }).await;
    let transferred = |dialed: &str| AdapterMessage::CallTransferred {
        call_id: "c1".to_owned(),
        queue: String::new(),
        dialed: Some(dialed.to_owned()),
    };
    pbx.say(transferred("2000")).await;
    pbx.acknowledged(pbx.number).await;
    let row = &running.calls()[0];
    assert_eq!(&*row.places[0].queue, "nurse", "by the number of the caller");
    let asked: Vec<_> = row.places[0].require.skills.iter().map(|(skill, _)| &**skill).collect();
    assert_eq!(asked, ["nursing"]);
    assert_eq!(row.places[0].require.skills[0].1, 2, "the higher level of the two");
}
