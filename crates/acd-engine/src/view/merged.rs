//! Several deltas as one, for a subscriber who wants fewer of them.

use super::rows::Delta;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

impl Delta {
    /// Deltas that follow on each other as one: each row as it is at the end, every event in order.
    /// `None` of none.
    pub fn merged(deltas: &[Arc<Self>]) -> Option<Self> {
        let (first, last) = (deltas.first()?, deltas.last()?);
        Some(Self {
            after: first.after,
            position: last.position,
            at: last.at,
            queues: latest(deltas.iter().flat_map(|it| &it.queues), |row| Arc::clone(&row.queue)),
            skill_queues: latest(deltas.iter().flat_map(|it| &it.skill_queues), |row| {
                (Arc::clone(&row.queue), row.require.clone())
            }),
            agents: latest(deltas.iter().flat_map(|it| &it.agents), |row| Arc::clone(&row.agent)),
            // By arrival: an id may come back as another call.
            calls: latest(deltas.iter().flat_map(|it| &it.calls), |row| row.arrival),
            events: deltas.iter().flat_map(|it| &it.events).cloned().collect(),
        })
    }
}

/// The last row of each key, in the order in which the keys came first.
fn latest<'a, Row: Clone + 'a, Key: Eq + Hash>(
    rows: impl Iterator<Item = &'a Row>,
    key: impl Fn(&Row) -> Key,
) -> Vec<Row> {
    let mut places: HashMap<Key, usize> = HashMap::new();
    let mut kept: Vec<&Row> = Vec::new();
    for row in rows {
        let place = *places.entry(key(row)).or_insert(kept.len());
        match kept.get_mut(place) {
            Some(earlier) => *earlier = row,
            None => kept.push(row),
        }
    }
    kept.into_iter().cloned().collect()
}
