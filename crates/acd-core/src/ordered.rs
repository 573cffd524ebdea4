//! Ordered sets that share one arena: calls in a line, agents in a pool.
//!
//! The first of each set is at hand, since that is what is asked for most; so the many sets of one or
//! none need nothing else. All others stand in a treap whose nodes hold a few keys each: insert, remove
//! and step cost the logarithm of the set, nothing is allocated once the arena has grown, and the order
//! is a total one, so its shape never shows. What stands next to each other in the order mostly does in
//! memory, and most sets are one node or two.

use crate::chance::mixed;
use crate::slab::make_room;

const NONE: u32 = u32::MAX;
/// How many keys a node holds at most.
const WIDTH: usize = 8;

/// Nodes of many sets with keys of one type.
#[derive(Debug)]
pub(crate) struct Arena<K> {
    nodes: Vec<Node<K>>,
    free: u32,
    weights: u64,
}

/// Its keys lie between those of the nodes to its left and to its right.
#[derive(Debug)]
struct Node<K> {
    /// In order; the first `len` count, of which there is one at least.
    keys: [K; WIDTH],
    values: [u32; WIDTH],
    len: u32,
    weight: u32,
    left: u32,
    right: u32,
}

impl<K: Copy + Ord> Node<K> {
    fn keys(&self) -> &[K] {
        &self.keys[..self.len as usize]
    }

    fn first(&self) -> K {
        self.keys[0]
    }

    fn last(&self) -> K {
        self.keys[self.len as usize - 1]
    }

    fn is_full(&self) -> bool {
        self.len as usize == WIDTH
    }

    /// How many of its keys are below `key`.
    fn below(&self, key: K) -> usize {
        self.keys().iter().filter(|other| **other < key).count()
    }

    fn insert(&mut self, at: usize, key: K, value: u32) {
        let len = self.len as usize;
        self.keys.copy_within(at..len, at + 1);
        self.values.copy_within(at..len, at + 1);
        (self.keys[at], self.values[at]) = (key, value);
        self.len += 1;
    }

    fn remove(&mut self, at: usize) {
        let len = self.len as usize;
        self.keys.copy_within(at + 1..len, at);
        self.values.copy_within(at + 1..len, at);
        self.len -= 1;
    }
}

/// One set: a handle into its arena.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrderedSet<K> {
    /// The least key, which no node holds.
    first: Option<(K, u32)>,
    /// Of the others.
    root: u32,
    len: u32,
}

impl<K> Default for OrderedSet<K> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<K> OrderedSet<K> {
    pub(crate) const EMPTY: Self = Self { first: None, root: NONE, len: 0 };

    pub(crate) const fn len(&self) -> u32 {
        self.len
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.first.is_none()
    }
}

impl<K: Copy> OrderedSet<K> {
    /// The least key.
    pub(crate) const fn first(&self) -> Option<(K, u32)> {
        self.first
    }
}

impl<K: Copy + Ord> Arena<K> {
    pub(crate) const fn new() -> Self {
        Self { nodes: Vec::new(), free: NONE, weights: 0 }
    }

    /// Adds a key that the set does not hold.
    pub(crate) fn insert(&mut self, set: &mut OrderedSet<K>, key: K, value: u32) {
        set.len += 1;
        let mut added = (key, value);
        match &mut set.first {
            None => set.first = Some(added),
            Some(first) => {
                if key < first.0 {
                    std::mem::swap(first, &mut added);
                }
                self.insert_behind(set, added);
            }
        }
    }

    /// Adds a key that is not the least.
    fn insert_behind(&mut self, set: &mut OrderedSet<K>, (key, value): (K, u32)) {
        // The nodes between which it lies, if it lies in none.
        let (mut before, mut after) = (NONE, NONE);
        let mut at = set.root;
        while at != NONE {
            let node = &self.nodes[at as usize];
            if key < node.first() {
                (after, at) = (at, node.left);
            } else if node.last() < key {
                (before, at) = (at, node.right);
            } else {
                break;
            }
        }
        let has_room = |node: u32| self.nodes.get(node as usize).is_some_and(|it| !it.is_full());
        let into = match at {
            NONE if has_room(before) => before,
            NONE if has_room(after) => after,
            NONE => {
                self.add_node(set, &[key], &[value]);
                return;
            }
            within if has_room(within) => within,
            full => self.halve(set, full, key),
        };
        let node = &mut self.nodes[into as usize];
        node.insert(node.below(key), key, value);
    }

    /// Takes a key out; false if the set does not hold it.
    pub(crate) fn remove(&mut self, set: &mut OrderedSet<K>, key: K) -> bool {
        let was_in = if set.first.is_some_and(|(first, _)| first == key) {
            set.first = self.take_least(set);
            true
        } else {
            self.remove_behind(set, key)
        };
        set.len -= u32::from(was_in);
        was_in
    }

    /// Takes the least of those out that are not at hand.
    fn take_least(&mut self, set: &mut OrderedSet<K>) -> Option<(K, u32)> {
        let (mut parent, mut at) = (NONE, set.root);
        let mut node = self.nodes.get(at as usize)?;
        while node.left != NONE {
            (parent, at) = (at, node.left);
            node = &self.nodes[at as usize];
        }
        let taken = (node.first(), node.values[0]);
        self.take_out(set, (parent, true), at, 0);
        Some(taken)
    }

    /// Takes a key out that is not at hand.
    fn remove_behind(&mut self, set: &mut OrderedSet<K>, key: K) -> bool {
        let (mut parent, mut went_left, mut at) = (NONE, false, set.root);
        while let Some(node) = self.nodes.get(at as usize) {
            let is_lower = key < node.first();
            if !is_lower && key <= node.last() {
                break;
            }
            (parent, went_left) = (at, is_lower);
            at = if is_lower { node.left } else { node.right };
        }
        let Some(node) = self.nodes.get(at as usize) else { return false };
        let place = node.below(key);
        if node.keys[place] != key {
            return false;
        }
        self.take_out(set, (parent, went_left), at, place);
        true
    }

    /// Takes one key out of a node, and the node out with its last one. It stands to the left of its
    /// parent, or to the right.
    fn take_out(
        &mut self,
        set: &mut OrderedSet<K>,
        (parent, is_left): (u32, bool),
        at: u32,
        place: usize,
    ) {
        let node = &mut self.nodes[at as usize];
        node.remove(place);
        if node.len > 0 {
            return;
        }
        let (left, right) = (node.left, node.right);
        node.left = self.free;
        self.free = at;
        let merged = self.merge(left, right);
        self.attach(set, parent, is_left, merged);
    }

    /// The least key above `key`.
    pub(crate) fn after(&self, set: &OrderedSet<K>, key: K) -> Option<(K, u32)> {
        self.least_in(set, |other| *other > key)
    }

    /// The least key that is not below `key`.
    pub(crate) fn at_or_after(&self, set: &OrderedSet<K>, key: K) -> Option<(K, u32)> {
        self.least_in(set, |other| *other >= key)
    }

    fn least_in(&self, set: &OrderedSet<K>, is_high: impl Fn(&K) -> bool) -> Option<(K, u32)> {
        let at_hand = set.first.filter(|(first, _)| is_high(first));
        at_hand.or_else(|| self.least(set.root, is_high))
    }

    /// The least key of a subtree that is high enough, which all above it are too.
    fn least(&self, mut at: u32, is_high: impl Fn(&K) -> bool) -> Option<(K, u32)> {
        let mut found = None;
        while at != NONE {
            let node = &self.nodes[at as usize];
            if !is_high(&node.last()) {
                at = node.right;
                continue;
            }
            let place = node.keys().iter().filter(|key| !is_high(key)).count();
            found = Some((node.keys[place], node.values[place]));
            if place > 0 {
                break;
            }
            at = node.left;
        }
        found
    }

    /// All of the set, in order.
    pub(crate) fn iter<'a>(
        &'a self,
        set: &'a OrderedSet<K>,
    ) -> impl Iterator<Item = (K, u32)> + 'a {
        std::iter::successors(set.first, move |(key, _)| self.after(set, *key))
    }

    /// Moves the upper half of a full node to one of its own; gives the one in which the key lies.
    fn halve(&mut self, set: &mut OrderedSet<K>, full: u32, key: K) -> u32 {
        const HALF: usize = WIDTH / 2;
        let node = &mut self.nodes[full as usize];
        node.len = HALF as u32;
        let (mut keys, mut values) = ([key; WIDTH - HALF], [0; WIDTH - HALF]);
        keys.copy_from_slice(&node.keys[HALF..]);
        values.copy_from_slice(&node.values[HALF..]);
        let other = self.add_node(set, &keys, &values);
        if key < keys[0] { full } else { other }
    }

    /// A node for keys that lie in none, and between no two of one.
    fn add_node(&mut self, set: &mut OrderedSet<K>, keys: &[K], values: &[u32]) -> u32 {
        let key = keys[0];
        let node = self.allocate(keys, values);
        let weight = self.nodes[node as usize].weight;
        let mut parent = NONE;
        let mut went_left = false;
        let mut at = set.root;
        while at != NONE && self.nodes[at as usize].weight >= weight {
            parent = at;
            went_left = key < self.nodes[at as usize].first();
            at = if went_left {
                self.nodes[at as usize].left
            } else {
                self.nodes[at as usize].right
            };
        }
        let (left, right) = self.split(at, key);
        self.nodes[node as usize].left = left;
        self.nodes[node as usize].right = right;
        self.attach(set, parent, went_left, node);
        node
    }

    fn allocate(&mut self, keys: &[K], values: &[u32]) -> u32 {
        self.weights = self.weights.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let weight = (mixed(self.weights) >> 32) as u32;
        let mut node = Node {
            keys: [keys[0]; WIDTH],
            values: [values[0]; WIDTH],
            len: keys.len() as u32,
            weight,
            left: NONE,
            right: NONE,
        };
        node.keys[..keys.len()].copy_from_slice(keys);
        node.values[..values.len()].copy_from_slice(values);
        if self.free == NONE {
            make_room(&mut self.nodes, 1);
            self.nodes.push(node);
            return (self.nodes.len() - 1) as u32;
        }
        let at = self.free;
        self.free = self.nodes[at as usize].left;
        self.nodes[at as usize] = node;
        at
    }

    fn attach(&mut self, set: &mut OrderedSet<K>, parent: u32, left: bool, child: u32) {
        if parent == NONE {
            set.root = child;
        } else if left {
            self.nodes[parent as usize].left = child;
        } else {
            self.nodes[parent as usize].right = child;
        }
    }

    /// Splits a subtree into the keys below `key` and those above it.
    fn split(&mut self, mut at: u32, key: K) -> (u32, u32) {
        let (mut low, mut high) = (NONE, NONE);
        let (mut low_tail, mut high_tail) = (NONE, NONE);
        while at != NONE {
            if self.nodes[at as usize].first() < key {
                if low_tail == NONE {
                    low = at;
                } else {
                    self.nodes[low_tail as usize].right = at;
                }
                low_tail = at;
                at = self.nodes[at as usize].right;
            } else {
                if high_tail == NONE {
                    high = at;
                } else {
                    self.nodes[high_tail as usize].left = at;
                }
                high_tail = at;
                at = self.nodes[at as usize].left;
            }
        }
        if low_tail != NONE {
            self.nodes[low_tail as usize].right = NONE;
        }
        if high_tail != NONE {
            self.nodes[high_tail as usize].left = NONE;
        }
        (low, high)
    }

    /// Joins two subtrees, all keys of `low` below all keys of `high`.
    fn merge(&mut self, mut low: u32, mut high: u32) -> u32 {
        let mut root = NONE;
        let mut parent = NONE;
        let mut to_left = false;
        while low != NONE || high != NONE {
            let take_low = high == NONE
                || (low != NONE
                    && self.nodes[low as usize].weight >= self.nodes[high as usize].weight);
            let taken = if take_low { low } else { high };
            if parent == NONE {
                root = taken;
            } else if to_left {
                self.nodes[parent as usize].left = taken;
            } else {
                self.nodes[parent as usize].right = taken;
            }
            parent = taken;
            to_left = !take_low;
            if take_low {
                low = self.nodes[taken as usize].right;
            } else {
                high = self.nodes[taken as usize].left;
            }
            if low == NONE || high == NONE {
                let rest = if low == NONE { high } else { low };
                if to_left {
                    self.nodes[parent as usize].left = rest;
                } else {
                    self.nodes[parent as usize].right = rest;
                }
                break;
            }
        }
        root
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Two sets in one arena behave as two maps of the standard library.
        #[test]
        fn behaves_as_a_map(steps in proptest::collection::vec((any::<bool>(), any::<bool>(), 0_u16..200), 0..600)) {
            let mut arena = Arena::new();
            let mut sets = [OrderedSet::EMPTY, OrderedSet::EMPTY];
            let mut maps = [BTreeMap::new(), BTreeMap::new()];
            for (which, insert, key) in steps {
                let which = usize::from(which);
                if insert {
                    if maps[which].insert(key, u32::from(key) * 3).is_none() {
                        arena.insert(&mut sets[which], key, u32::from(key) * 3);
                    }
                } else {
                    prop_assert_eq!(
                        arena.remove(&mut sets[which], key),
                        maps[which].remove(&key).is_some()
                    );
                }
                for (set, map) in sets.iter().zip(&maps) {
                    prop_assert_eq!(set.len() as usize, map.len());
                    prop_assert_eq!(set.is_empty(), map.is_empty());
                    let first = map.first_key_value().map(|(key, value)| (*key, *value));
                    prop_assert_eq!(set.first(), first);
                    let after = map.range(key + 1..).next().map(|(key, value)| (*key, *value));
                    prop_assert_eq!(arena.after(set, key), after);
                    let at_or_after = map.range(key..).next().map(|(key, value)| (*key, *value));
                    prop_assert_eq!(arena.at_or_after(set, key), at_or_after);
                }
            }
            for (set, map) in sets.iter().zip(&maps) {
                let all: Vec<_> = map.iter().map(|(key, value)| (*key, *value)).collect();
                prop_assert_eq!(arena.iter(set).collect::<Vec<_>>(), all);
            }
        }
    }

    /// How many steps lead to the deepest node at most.
    fn depth(arena: &Arena<u32>, at: u32) -> usize {
        let Some(node) = arena.nodes.get(at as usize) else { return 0 };
        1 + depth(arena, node.left).max(depth(arena, node.right))
    }

    /// The deepest of 4,096 stands 36 steps down by expectation (4.31 times the natural logarithm).
    #[test]
    fn no_order_of_coming_and_going_makes_a_set_deep() {
        const CALLS: u32 = 4_096;
        let orders: [fn(u32) -> u32; 3] = [|nth| nth, |nth| u32::MAX - nth, |nth| nth ^ 0x555];
        for order in orders {
            let (mut arena, mut set) = (Arena::new(), OrderedSet::EMPTY);
            (0..CALLS).for_each(|nth| arena.insert(&mut set, order(nth), nth));
            assert!(depth(&arena, set.root) < 60, "{}", depth(&arena, set.root));
            for nth in CALLS..4 * CALLS {
                assert!(arena.remove(&mut set, order(nth - CALLS)));
                arena.insert(&mut set, order(nth), nth);
            }
            assert!(depth(&arena, set.root) < 60, "{}", depth(&arena, set.root));
            // What remains of many is no deeper than if the others had never come.
            let stay = |nth: u32| nth.is_multiple_of(64);
            for nth in (3 * CALLS..4 * CALLS).filter(|nth| !stay(*nth)) {
                assert!(arena.remove(&mut set, order(nth)));
            }
            assert!(depth(&arena, set.root) < 30, "{}", depth(&arena, set.root));
            assert!(
                arena.nodes.len() <= CALLS as usize / 4,
                "what is free is used again: {}",
                arena.nodes.len()
            );
        }
    }
}
