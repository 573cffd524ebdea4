//! What a configuration file may say, key by key. The comments on the fields are what editors show
//! to operators.

mod agents;
mod channels;
mod routes;
mod rules;

pub(crate) use agents::{Agent, Profile};
pub(crate) use channels::{ChannelName, ChannelRules};
pub(crate) use routes::{Match, Route};
pub(crate) use rules::{Ending, Rule, Then, Until, When};

use self::channels::Channels;
use crate::journal::Journal;
use crate::notes::{Key, Notes, one_of, quoted};
use crate::patterns::Patterns;
use crate::read::{At, Entries, List, Node, Read, choice, is, section};
use crate::values::{
    Count, Flag, Listen, Mention, Name, Percent, PositiveTime, Text, Time, TimeWithin, Whole,
    check_name,
};
use crate::zones::Zone;
use acd_core::{BROADCAST_MAX, LEVEL_MAX};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use toml::de::DeValue;

/// The level of a skill.
pub(crate) type Level = Whole<1, LEVEL_MAX>;
/// The least levels that a call asks for, by skill.
pub(crate) type Require = Entries<Level>;

/// Of several such, one that is enough.
pub(crate) type AnyOf = List<Require>;

/// The longest time that adapters may be waited for, in seconds: 10 minutes.
const RECOVERY_GRACE_SECONDS_MAX: u64 = 600;
/// The most agents that a queue may keep free.
const KEPT_FREE_MAX: u64 = 1_000_000;
/// The largest whole number that a TOML file holds.
const SEED_MAX: u64 = i64::MAX.unsigned_abs();
/// Reasons that acdd itself gives for an agent who is not ready.
const SYSTEM_REASONS: [&str; 5] =
    ["missed_offers", "adapter_lost", "device_out_of_service", "heartbeat_lost", "forced"];

section! {
    /// The configuration of acdd: where it listens, and how it routes calls to agents.
    File {
        /// Where the daemon listens.
        default server: Server = "{}",
        /// What the daemon logs.
        default log: Log = "{}",
        /// What the daemon remembers of what happened, so that a restart goes on where it ended.
        default journal: Journal = "{}",
        /// What holds for all queues.
        default routing: Routing = "{}",
        /// The states in which an agent takes no calls.
        default presence: Presence = "{}",
        /// Which channels an agent may mix.
        default channels: Channels = "{}",
        /// The skills that queues may ask for and agents may have. When this table is there, a
        /// skill that it does not name is an error; without it, skills are declared by use.
        optional skills: Entries<Skill>,
        /// The waiting lines by name, such as [queues.front-desk]. At least one.
        required queues: Entries<Queue>,
        /// Where calls go whose adapter names no queue: from the first on, the first that matches
        /// counts. The last one has no `match`. Without any, adapters must name a queue.
        default routes: List<Route> = "[]",
        /// The people who take calls, by the id that they log in with.
        default agents: Entries<Agent> = "{}",
    }
}

section! {
    /// Where the daemon listens.
    Server {
        /// Where adapters, agents, supervisors and acdctl connect (gRPC). A loopback address.
        default listen: Listen = "'127.0.0.1:7170'",
        /// Where health is served (HTTP). A loopback address.
        default http: Listen = "'127.0.0.1:7180'",
    }
}

section! {
    /// What the daemon logs.
    Log {
        /// The least severe level that is logged.
        default level: LogLevel = "'info'",
        /// How a line looks.
        default format: LogFormat = "'text'",
    }
}

choice! {
    /// The least severe level that is logged.
    LogLevel {
        /// What an operator must look at.
        "error" => Error,
        /// What an operator should look at.
        "warn" => Warn,
        /// What happens to the daemon and its sessions.
        "info" => Info,
        /// What helps to find a fault.
        "debug" => Debug,
        /// Everything.
        "trace" => Trace,
    }
}

choice! {
    /// How a line of the log looks.
    LogFormat {
        /// For people.
        "text" => Text,
        /// One JSON object a line, for machines.
        "json" => Json,
    }
}

section! {
    /// What holds for all queues.
    Routing {
        /// How waiting calls are compared. Priority 9 is before all others in every order.
        default order: Order = "'strict'",
        /// How much waiting one step of priority is worth. Needed with `order = "credit"`, and only
        /// there.
        optional credit: PositiveTime,
        /// A caller who hangs up sooner than this counts as a short abandon.
        default short_abandon: Time = "'5s'",
        /// How long an agent who declined or missed a call is not offered it again.
        default exclude_for: PositiveTime = "'30s'",
        /// How long an adapter has to connect caller and agent once the agent accepted.
        default connect_within: PositiveTime = "'5s'",
        /// How long an adapter that comes back has to say what it holds, and how long a restarted
        /// daemon waits for its adapters before time goes on.
        default recovery_grace: TimeWithin<0, RECOVERY_GRACE_SECONDS_MAX> = "'10s'",
        /// What happens to an agent who declines offers or lets them ring out: `stay_ready`,
        /// `not_ready` at the first, or not ready after several in a row.
        default missed_offers: MissedOffers = "{ not_ready_after = 2 }",
        /// What agents may say at the end of wrap-up of how a conversation came out, in queues that do not
        /// list their own `dispositions`.
        default dispositions: Dispositions = "[]",
        /// What the criterion `random` draws by. The same calls with the same seed find the same
        /// agents.
        default seed: Count<0, SEED_MAX> = "0",
        /// Where the day begins at midnight: what is counted since then begins anew. Without it, the
        /// zone that the machine is set to.
        optional timezone: Zone,
        /// Callers' numbers that say nothing of who calls: withheld ones, and those that many share, such
        /// as the switchboard of a hospital. Affinity does not tell such callers from others.
        default shared_callers: Patterns = "['anonymous', 'restricted', 'unavailable', 'unknown', 'withheld']",
    }
}

choice! {
    /// How waiting calls are compared.
    Order {
        /// By priority; calls of one priority by age.
        "strict" => Strict,
        /// By age, where each step of priority above or below 5 is worth `credit` of waiting.
        "credit" => Credit,
        /// By age alone.
        "oldest" => Oldest,
        /// By priority; calls of one priority by the instant by which one of their queues promises
        /// an answer (`service_level.within`).
        "deadline" => Deadline,
    }
}

/// What happens to an agent who declines offers or lets them ring out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MissedOffers {
    /// He stays ready.
    StayReady,
    /// He becomes not ready after so many in a row.
    NotReadyAfter(u8),
}

section! {
    /// What happens to an agent who misses several offers in a row.
    AfterMisses {
        /// He becomes not ready after this many in a row.
        required not_ready_after: Whole<1, 100>,
    }
}

impl MissedOffers {
    const STAY_READY: &str = "stay_ready";
    const NOT_READY: &str = "not_ready";
    const FORMS: [&str; 3] = [Self::STAY_READY, Self::NOT_READY, "{ not_ready_after = 2 }"];
}

impl Read for MissedOffers {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        match node.get_ref() {
            DeValue::String(word) if word == Self::STAY_READY => Some(Self::StayReady),
            DeValue::String(word) if word == Self::NOT_READY => Some(Self::NotReadyAfter(1)),
            DeValue::String(word) => {
                let what = format!("{} is not known", quoted(word));
                notes.add_unknown(key, &node.span(), &what, word, Self::FORMS.into_iter());
                None
            }
            DeValue::Table(_) => {
                let after = AfterMisses::read(node, key, notes)?;
                after.not_ready_after.get().map(|misses| Self::NotReadyAfter(misses.value.0))
            }
            other => {
                notes.add(key, &node.span(), is(other), one_of(Self::FORMS.into_iter()));
                None
            }
        }
    }
}

impl JsonSchema for MissedOffers {
    fn schema_name() -> Cow<'static, str> {
        "MissedOffers".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let words = [Self::STAY_READY, Self::NOT_READY];
        let several = generator.subschema_for::<AfterMisses>();
        json_schema!({ "anyOf": [{ "type": "string", "enum": words }, several] })
    }
}

section! {
    /// The states in which an agent takes no calls.
    Presence {
        /// The reasons that an agent may give for being not ready. The names that acdd uses itself
        /// (missed_offers, adapter_lost, device_out_of_service, heartbeat_lost, forced) are taken.
        default reasons: Reasons = "['break', 'lunch', 'meeting', 'training']",
        /// How long the desktop of an agent may be silent, once it has sent a heartbeat, before he is
        /// not ready (heartbeat_lost).
        default heartbeat_within: PositiveTime = "'30s'",
    }
}

/// Names of reasons, each once, at least one.
#[derive(Clone, Debug)]
pub(crate) struct Reasons(pub(crate) Vec<String>);

impl Read for Reasons {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        let found = List::<Mention>::read(node, key, notes)?;
        if found.list.is_empty() {
            notes.add(key, &node.span(), "this is empty", "at least one reason, such as \"break\"");
        }
        let mut reasons: Vec<String> = Vec::with_capacity(found.list.len());
        for (index, reason) in found.list.into_iter().enumerate() {
            let Some(reason) = reason else { continue };
            let key = key.item(index);
            let name = reason.value.0;
            check_name(&name, &key, &reason.span, notes);
            if SYSTEM_REASONS.contains(&name.as_str()) {
                let message = format!("`{name}` is a reason that acdd gives itself");
                notes.add(&key, &reason.span, message, "a name of your own");
            } else if reasons.contains(&name) {
                notes.add(&key, &reason.span, "this reason is listed twice", "each reason once");
            }
            reasons.push(name);
        }
        Some(Self(reasons))
    }
}

impl JsonSchema for Reasons {
    fn schema_name() -> Cow<'static, str> {
        "Reasons".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut name = Name::json_schema(generator);
        name.insert("not".to_owned(), serde_json::json!({ "enum": SYSTEM_REASONS }));
        json_schema!({ "type": "array", "items": name, "minItems": 1, "uniqueItems": true })
    }
}

/// Names of dispositions, each once; there may be none.
#[derive(Clone, Debug)]
pub(crate) struct Dispositions(pub(crate) Vec<At<Mention>>);

impl Read for Dispositions {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        let found = List::<Mention>::read(node, key, notes)?;
        let mut names: Vec<At<Mention>> = Vec::with_capacity(found.list.len());
        for (index, name) in found.list.into_iter().enumerate() {
            let Some(name) = name else { continue };
            let key = key.item(index);
            check_name(&name.value.0, &key, &name.span, notes);
            if names.iter().any(|known| known.value.0 == name.value.0) {
                let message = "this disposition is listed twice";
                notes.add(&key, &name.span, message, "each disposition once");
            }
            names.push(name);
        }
        Some(Self(names))
    }
}

impl JsonSchema for Dispositions {
    fn schema_name() -> Cow<'static, str> {
        "Dispositions".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let name = generator.subschema_for::<Name>();
        json_schema!({ "type": "array", "items": name, "uniqueItems": true })
    }
}

section! {
    /// A named ability.
    Skill {
        /// What it means, for people.
        #[expect(dead_code, reason = "checked, and then only of use to readers of the file")]
        optional description: Text,
        /// A licence, say: no rule asks for less of it, or for something else instead.
        default hard: Flag = "false",
    }
}

section! {
    /// A waiting line.
    Queue {
        /// What it is for, for people.
        #[expect(dead_code, reason = "checked, and then only of use to readers of the file")]
        optional description: Text,
        /// The skills an agent must have to be offered its calls, each at least at this level.
        /// Without it, anyone is offered them.
        optional require: Require,
        /// Alternatives, of which an agent must have one besides: `[{ spanish = 5 }, { interpreter =
        /// 1 }]`.
        optional any_of: AnyOf,
        /// How a call picks among the agents who have what it requires: the first criterion in
        /// which they differ decides; in the end, the one who has been idle longest.
        default select: Select = "['longest_idle']",
        /// To how many agents at once a call is offered when it picks; the first to accept has it.
        default broadcast: Whole<1, BROADCAST_MAX> = "1",
        /// How long an offer rings at an agent before it goes on to the next.
        default ring: PositiveTime = "'15s'",
        /// How long an agent has after a call of this queue before the next.
        default wrap_up: Time = "'0s'",
        /// How long it lasts at most when the agent extends it, from its beginning. Without it, 10m,
        /// or as long as `wrap_up` if that is longer.
        optional wrap_up_at_most: Time,
        /// What the agent may say at the end of wrap-up of how the conversation came out. Without it,
        /// what `routing.dispositions` says.
        optional dispositions: Dispositions,
        /// The promise that the queue is measured by.
        default service_level: ServiceLevel = "{ answered = '80%', within = '20s' }",
        /// Where its day begins at midnight, if not where that of all does (`routing.timezone`).
        optional timezone: Zone,
        /// The last agents of the queue are held back for what is urgent.
        optional keep_free: KeepFree,
        /// How a call waits for one agent, whom it names or who last talked with its caller, before it
        /// is anybody's.
        default affinity: Affinity = "{}",
        /// What becomes of calls that wait when the queue closes: they are served on, or the rules
        /// with `closed` act on them too.
        default at_closing: AtClosing = "'serve'",
        /// What happens to calls while they wait. The last rule must end the call, and look at
        /// `waited` alone. Without any, a call that has waited 2h ends at voicemail (a rule named
        /// `give-up`).
        default rules: List<Rule> = "[]",
    }
}

section! {
    /// Agents who are held back for urgent calls.
    KeepFree {
        /// How many, of those who may serve the queue and are available.
        required agents: Count<1, KEPT_FREE_MAX>,
        /// The least priority of the calls that may have them.
        required for_priority: Whole<1, 9>,
    }
}

section! {
    /// How a call waits for one agent. It does not wait for one who is not at work, nor if it is an
    /// emergency.
    Affinity {
        /// How long it is remembered who last talked with a caller. `0s`: not at all; a call then waits
        /// only for an agent whom it names.
        default window: Time = "'0s'",
        /// How long a call waits for him, from when it arrived.
        default wait: Time = "'20s'",
    }
}

choice! {
    /// What becomes of calls that wait when a queue closes.
    AtClosing {
        /// They are served on.
        "serve" => Serve,
        /// The queue's rules with `closed` act on them, as on those that come later.
        "apply_rules" => ApplyRules,
    }
}

/// Criteria, each once, at least one.
#[derive(Clone, Debug)]
pub(crate) struct Select(pub(crate) Vec<Criterion>);

choice! {
    /// How a call picks among several agents.
    Criterion {
        /// The one who has been idle longest.
        "longest_idle" => LongestIdle,
        /// The one with the highest sum of levels over the skills that the call requires.
        "highest_level" => HighestLevel,
        /// The one with the lowest such sum: it spares the experts.
        "lowest_level" => LowestLevel,
        /// The one with the highest rank for the queue (`agents.NAME.queues`).
        "rank" => Rank,
        /// The one who has been busy for the least part of the time that he was ready, since he
        /// logged in.
        "least_occupied" => LeastOccupied,
        /// The one with the fewest connected calls since he logged in.
        "fewest_calls" => FewestCalls,
        /// The one whose last offer is the longest ago.
        "round_robin" => RoundRobin,
        /// The first in the order of the file.
        "listed" => Listed,
        /// One by chance, drawn from `routing.seed`, the offer and the call.
        "random" => Random,
    }
}

impl Read for Select {
    fn read(node: &Node<'_>, key: &Key<'_>, notes: &mut Notes) -> Option<Self> {
        let found = List::<Criterion>::read(node, key, notes)?;
        if found.list.is_empty() {
            let expected = "at least one criterion, such as \"longest_idle\"";
            notes.add(key, &node.span(), "this is empty", expected);
        }
        let mut criteria = Vec::with_capacity(found.list.len());
        for (index, criterion) in found.list.into_iter().enumerate() {
            let Some(criterion) = criterion else { continue };
            if criteria.contains(&criterion.value) {
                let message = "this criterion is listed twice";
                notes.add(&key.item(index), &criterion.span, message, "each criterion once");
            }
            criteria.push(criterion.value);
        }
        Some(Self(criteria))
    }
}

impl JsonSchema for Select {
    fn schema_name() -> Cow<'static, str> {
        "Select".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let criterion = generator.subschema_for::<Criterion>();
        json_schema!({ "type": "array", "items": criterion, "minItems": 1, "uniqueItems": true })
    }
}

section! {
    /// The promise that a queue is measured by.
    ServiceLevel {
        /// How many of its calls are to be answered in time.
        default answered: Percent = "'80%'",
        /// What in time means: from entry into the queue to connected.
        default within: PositiveTime = "'20s'",
    }
}
