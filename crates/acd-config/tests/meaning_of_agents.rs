//! What the reader promises about sound configurations of agents: where they take calls, and which.

use acd_config::Config;
use acd_core::{
    AdapterId, Channel, ChannelPlan, Channels, DeskPlan, Endpoint, Order, QueueId, Service, Span,
};

fn parsed(text: &str) -> Config {
    acd_config::parse("acdd.toml", text).expect("the text is sound")
}

#[test]
fn an_agent_has_a_name_a_device_and_a_capacity() {
    let plan = parsed(
        r#"
        [queues.a]
        [agents]
        ana = { name = "Ana Ruiz", endpoints = { voice = "pbx-b:PJSIP/201:5060" } }
        ben = { capacity = { voice = 16 }, endpoints = { voice = "pbx-a:1" } }
        chloe = { endpoints = { voice = "pbx-b:2" } }
        diego = {}
        "#,
    )
    .plan;
    assert_eq!(plan.adapters, ["pbx-b", "pbx-a"]);
    let voice = |adapter, address: &str| {
        Some(Endpoint { adapter: AdapterId(adapter), address: address.to_owned() })
    };
    let [ana, ben, chloe, diego] = plan.agents.as_slice() else { panic!("four are written") };
    let desk = |capacity, endpoint| vec![DeskPlan { channel: Channel::Voice, capacity, endpoint }];
    assert_eq!(ana.name, "Ana Ruiz");
    assert_eq!(ana.desks, desk(1, voice(0, "PJSIP/201:5060")));
    assert_eq!((ben.name.as_str(), &ben.desks), ("ben", &desk(16, voice(1, "1"))));
    assert_eq!(chloe.desks, desk(1, voice(0, "2")));
    assert_eq!((diego.name.as_str(), &diego.desks), ("diego", &desk(1, None)));
}

#[test]
fn an_agent_takes_calls_of_the_channels_that_he_has_a_capacity_for() {
    let plan = parsed(
        r#"
        [queues.a]
        [channels]
        voice = { exclusive = false }
        task = { exclusive = true, interruptible_by = ["voice", "chat"] }
        [agents]
        ana = { capacity = { chat = 3, task = 1 }, endpoints = { chat = "web:ana" } }
        ben = { capacity = { voice = 0, text = 2 } }
        "#,
    )
    .plan;
    let desk = |channel, capacity| DeskPlan { channel, capacity, endpoint: None };
    let web = Some(Endpoint { adapter: AdapterId(0), address: "ana".to_owned() });
    let [ana, ben] = plan.agents.as_slice() else { panic!("two are written") };
    let chats = DeskPlan { endpoint: web, ..desk(Channel::Chat, 3) };
    assert_eq!(ana.desks, [desk(Channel::Voice, 1), chats, desk(Channel::Task, 1)]);
    assert_eq!(ben.desks, [desk(Channel::Text, 2)]);
    let channel =
        |exclusive, by: &[Channel]| ChannelPlan { exclusive, interruptible_by: by.to_vec() };
    let Channels { voice, chat, text, task } = plan.channels;
    assert_eq!(
        (voice, task),
        (channel(false, &[]), channel(true, &[Channel::Voice, Channel::Chat]))
    );
    assert_eq!(
        (chat, text),
        (channel(false, &[Channel::Voice]), channel(false, &[Channel::Voice]))
    );
}

#[test]
fn an_agent_serves_queues_in_a_way_of_his_own() {
    let plan = parsed(
        r#"
        [routing]
        order = "deadline"
        seed = 7
        [queues.a]
        [queues.b]
        [agents.ana]
        queues = { b = { rank = 8 }, a = { rank = 3, delay = "60s" } }
        only = true
        [agents.ben]
        queues = { b = {} }
        "#,
    )
    .plan;
    assert_eq!((plan.order, plan.seed), (Order::Deadline, 7));
    let [a, b] = [0, 1].map(QueueId);
    let [late, early] =
        [(3, 60), (8, 0)].map(|(rank, delay)| Service { rank, delay: Span::from_secs(delay) });
    assert_eq!(plan.agents[0].queues, [(a, late), (b, early)]);
    assert!(plan.agents[0].only && !plan.agents[1].only);
    assert_eq!(plan.agents[1].service(a), Some(Service::default()));
    assert_eq!(plan.agents[1].queues, [(b, Service::default())]);
}
