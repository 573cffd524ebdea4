//! Time zones: by whose midnight the days of a queue begin.

#[test]
fn a_queue_counts_its_days_where_it_lies_else_where_all_do_else_where_the_machine_is() {
    let zones = |text: &str| {
        let plan = acd_config::parse("acdd.toml", text).expect("the text is sound").plan;
        let queues = plan.queues.iter().map(|queue| queue.time_zone.clone());
        (plan.time_zone.clone(), queues.collect::<Vec<_>>())
    };
    let (domain, queues) = zones(
        "[routing]\ntimezone = \"America/Chicago\"\n[queues.a]\n[queues.b]\ntimezone = \"Asia/Kathmandu\"\n",
    );
    assert_eq!(domain, "America/Chicago");
    assert_eq!(queues, ["America/Chicago", "Asia/Kathmandu"]);
    let (domain, queues) = zones("[queues.a]\n");
    assert!(!domain.is_empty());
    assert_eq!(queues, [domain]);
}
