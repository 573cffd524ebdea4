//! Two hundred queues and two thousand agents at work: the page keeps up.

use crate::browser::{Browser, Look};
use crate::harness::Daemon;
use std::fmt::Write as _;

const QUEUES: usize = 200;
const AGENTS: usize = 2_000;
const SKILLS: usize = 50;

fn config() -> String {
    let mut text = String::from("[skills]\n");
    for skill in 0..SKILLS {
        writeln!(text, "skill-{skill} = {{}}").expect("a string");
    }
    for queue in 0..QUEUES {
        writeln!(
            text,
            "[queues.queue-{queue:03}]\nrequire = {{ skill-{} = {} }}\nwrap_up = \"15s\"\n\
             [[queues.queue-{queue:03}.rules]]\nname = \"give-up\"\nwhen = {{ waited = \"20m\" }}\n\
             then = {{ end = \"voicemail\" }}",
            queue % SKILLS,
            1 + queue / SKILLS
        )
        .expect("a string");
    }
    text.push_str("[agents]\n");
    for agent in 0..AGENTS {
        let skills: Vec<String> = (0..3)
            .map(|nth| {
                format!("skill-{} = {}", (agent + 17 * nth) % SKILLS, 1 + (agent + nth) % 10)
            })
            .collect();
        writeln!(
            text,
            "agent-{agent:04} = {{ name = \"Agent {agent}\", skills = {{ {} }} }}",
            skills.join(", ")
        )
        .expect("a string");
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_queues_and_two_thousand_agents_are_kept_up_with() {
    let daemon = Daemon::start_with(&config(), &["--demo"]).await;
    let mut page = Browser::open(&format!("http://{}/", daemon.http), Look::DESK).await;
    page.until(&format!(
        "acdd.picture.queues.size === {QUEUES} && acdd.picture.agents.size === {AGENTS}"
    ))
    .await;
    page.until("acdd.picture.calls.size > 100").await;
    assert_eq!(page.run("acdd.written().rows.length").await, QUEUES);
    // Ever new events are shown, in each view, and only what is in sight is in the page.
    for view in ["wall", "queues", "agents", "calls", "events"] {
        page.run(&format!("location.hash = '{view}'")).await;
        page.until(&format!("document.body.dataset.view === '{view}'")).await;
        for _ in 0..3 {
            let number = page.run("acdd.position().number").await.as_u64().expect("a number");
            page.until(&format!(
                "acdd.position().number > {number} && \
                 Number(document.documentElement.dataset.number) > {number}"
            ))
            .await;
        }
        if view != "wall" {
            let count = format!("document.querySelectorAll('.{view} .grid-body .row').length");
            let rows = page.run(&count).await.as_u64().expect("a number");
            assert!(rows < 100, "{view}: {rows} rows are in the page");
        }
    }
    // The page is where the daemon is, give or take what is under way.
    let behind = "(async () => { const there = (await (await fetch('/status')).json()).number; \
                  const began = performance.now(); \
                  while (acdd.position().number < there) { \
                    if (performance.now() - began > 20000) return -1; \
                    await new Promise(done => setTimeout(done, 20)); } \
                  return Math.round(performance.now() - began); })()";
    let caught_up = page.run(behind).await.as_i64().expect("milliseconds");
    assert!(caught_up >= 0, "the page does not catch up");
    println!("the page has what the daemon has after {caught_up} ms");

    page.press(&["3"]).await;
    page.run("document.querySelector('#agents-grid').scrollTop = 1e9").await;
    page.until("document.querySelector('.agents .grid-body').innerText.includes('Agent ')").await;
    assert_eq!(page.run("document.getElementById('agents-grid').ariaRowCount").await, "2001");
    assert_eq!(page.complaints(), [] as [String; 0]);
}
