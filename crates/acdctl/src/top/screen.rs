//! What is looked at: the view, its order, the filter, what is open beside it; and what keys do to that.

use super::columns::{self, call_key, event_key};
use super::cursor::Cursor;
use super::picture::Picture;
use super::table::Sort;
use acd_proto::v1;
use clap::ValueEnum;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// How many rows of text a page of what is open beside a view is moved by.
const PAGE: u16 = 10;
/// The longest filter, in letters.
const FILTER_MAX: usize = 60;

/// One table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum View {
    /// All queues, those in trouble first.
    #[default]
    Queues,
    /// All agents.
    Agents,
    /// Live calls, the oldest first.
    Calls,
    /// What happens, the latest first.
    Events,
}

impl View {
    pub(super) const ALL: [Self; 4] = [Self::Queues, Self::Agents, Self::Calls, Self::Events];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Queues => "Queues",
            Self::Agents => "Agents",
            Self::Calls => "Calls",
            Self::Events => "Events",
        }
    }
}

/// What is open beside a view.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Open {
    Help,
    /// Why this call is where it is.
    Call(v1::CallRef),
    /// What this agent does, and can do.
    Agent(String),
}

/// What the answer to a question about a call is.
#[derive(Clone, Debug)]
pub(super) enum Explained {
    /// None yet.
    Asked,
    Answered(Box<v1::ExplainResponse>),
    Refused(String),
}

/// What a key asks for that is not done here.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wish {
    Nothing,
    Quit,
    /// To ask why this call is where it is.
    Explain(v1::CallRef),
}

/// What is looked at.
#[derive(Debug)]
pub(super) struct Screen {
    pub(super) view: View,
    pub(super) cursors: [Cursor; 4],
    pub(super) sorts: [Option<Sort>; 4],
    pub(super) filter: String,
    /// Keys are letters of the filter.
    pub(super) typing: bool,
    /// Only calls of this queue.
    pub(super) calls_of: Option<String>,
    pub(super) open: Option<Open>,
    pub(super) explained: Explained,
    /// The first line in sight of what is open.
    pub(super) scrolled: u16,
}

impl Screen {
    pub(super) fn new(view: View) -> Self {
        Self {
            view,
            cursors: Default::default(),
            sorts: Default::default(),
            filter: String::new(),
            typing: false,
            calls_of: None,
            open: None,
            explained: Explained::Asked,
            scrolled: 0,
        }
    }

    /// The words of the filter.
    pub(super) fn words(&self) -> Vec<String> {
        self.filter.to_lowercase().split_whitespace().map(str::to_owned).collect()
    }

    /// Does what a key says.
    pub(super) fn press(&mut self, key: KeyEvent, picture: &Picture) -> Wish {
        if key.kind == KeyEventKind::Release {
            return Wish::Nothing;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control {
            return if key.code == KeyCode::Char('c') { Wish::Quit } else { Wish::Nothing };
        }
        if self.typing {
            self.type_filter(key.code);
        } else if self.open.is_some() {
            return self.press_in_open(key.code);
        } else {
            return self.press_in_view(key.code, picture);
        }
        Wish::Nothing
    }

    fn type_filter(&mut self, code: KeyCode) {
        match code {
            KeyCode::Esc => {
                self.filter.clear();
                self.typing = false;
            }
            KeyCode::Enter => self.typing = false,
            KeyCode::Backspace => {
                self.filter.pop();
            }
            KeyCode::Char(letter) if self.filter.chars().count() < FILTER_MAX => {
                self.filter.push(letter);
            }
            KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown => self.walk(code),
            _ => {}
        }
    }

    fn press_in_open(&mut self, code: KeyCode) -> Wish {
        match code {
            KeyCode::Char('q') => return Wish::Quit,
            KeyCode::Esc | KeyCode::Enter | KeyCode::Backspace => self.open = None,
            KeyCode::Char('?') => {
                let help = self.open == Some(Open::Help);
                self.show((!help).then_some(Open::Help));
            }
            KeyCode::Down | KeyCode::Char('j') => self.scrolled = self.scrolled.saturating_add(1),
            KeyCode::Up | KeyCode::Char('k') => self.scrolled = self.scrolled.saturating_sub(1),
            KeyCode::PageDown | KeyCode::Char(' ') => {
                self.scrolled = self.scrolled.saturating_add(PAGE);
            }
            KeyCode::PageUp => self.scrolled = self.scrolled.saturating_sub(PAGE),
            KeyCode::Home => self.scrolled = 0,
            KeyCode::Char(digit @ '1'..='4') => self.go_to(digit),
            _ => {}
        }
        Wish::Nothing
    }

    fn press_in_view(&mut self, code: KeyCode, picture: &Picture) -> Wish {
        let place = self.view as usize;
        let views = View::ALL.len();
        match code {
            KeyCode::Char('q') => return Wish::Quit,
            KeyCode::Char('?') => self.show(Some(Open::Help)),
            KeyCode::Char('/') => self.typing = true,
            KeyCode::Char(digit @ '1'..='4') => self.go_to(digit),
            KeyCode::Tab | KeyCode::Right => self.view = View::ALL[(place + 1) % views],
            KeyCode::BackTab | KeyCode::Left => self.view = View::ALL[(place + views - 1) % views],
            KeyCode::Char('s' | '>') => self.sorts[place] = self.next_sort(true),
            KeyCode::Char('<') => self.sorts[place] = self.next_sort(false),
            KeyCode::Char('S') => {
                if let Some(sort) = &mut self.sorts[place] {
                    sort.reversed = !sort.reversed;
                }
            }
            // What is filtered first goes first: the letters, then the queue.
            KeyCode::Esc if !self.filter.is_empty() => self.filter.clear(),
            KeyCode::Esc => self.calls_of = None,
            KeyCode::Enter => return self.enter(picture),
            code => self.walk(code),
        }
        Wish::Nothing
    }

    fn go_to(&mut self, digit: char) {
        let view = digit.to_digit(10).and_then(|digit| View::ALL.get(digit as usize - 1));
        self.view = view.copied().unwrap_or(self.view);
        self.open = None;
    }

    fn walk(&mut self, code: KeyCode) {
        let cursor = &mut self.cursors[self.view as usize];
        match code {
            KeyCode::Down | KeyCode::Char('j') => cursor.go(1),
            KeyCode::Up | KeyCode::Char('k') => cursor.go(-1),
            KeyCode::PageDown | KeyCode::Char(' ') => cursor.page(true),
            KeyCode::PageUp => cursor.page(false),
            KeyCode::Home | KeyCode::Char('g') => cursor.go(isize::MIN),
            KeyCode::End | KeyCode::Char('G') => cursor.go(isize::MAX),
            _ => {}
        }
    }

    fn next_sort(&self, forward: bool) -> Option<Sort> {
        let sort = self.sorts[self.view as usize];
        match self.view {
            View::Queues => columns::QUEUES.next_sort(sort, forward),
            View::Agents => columns::AGENTS.next_sort(sort, forward),
            View::Calls => columns::CALLS.next_sort(sort, forward),
            View::Events => columns::EVENTS.next_sort(sort, forward),
        }
    }

    /// Opens the row that the cursor is on.
    fn enter(&mut self, picture: &Picture) -> Wish {
        let Some(key) = self.cursors[self.view as usize].key().map(str::to_owned) else {
            return Wish::Nothing;
        };
        match self.view {
            View::Queues => self.calls_of(key),
            View::Agents => self.show(Some(Open::Agent(key))),
            View::Calls => {
                let call = picture.calls().find(|call| call_key(call.call.as_ref()) == key);
                return self.explain(call.and_then(|call| call.call.clone()));
            }
            View::Events => {
                let Some(event) = picture.events().find(|event| event_key(event) == key) else {
                    return Wish::Nothing;
                };
                if event.call.is_some() {
                    return self.explain(event.call.clone());
                } else if !event.agent.is_empty() {
                    self.show(Some(Open::Agent(event.agent.clone())));
                } else if !event.queue.is_empty() {
                    self.calls_of(event.queue.clone());
                }
            }
        }
        Wish::Nothing
    }

    fn calls_of(&mut self, queue: String) {
        self.calls_of = Some(queue);
        // It found the queue; of its calls none need have the same words.
        self.filter.clear();
        self.view = View::Calls;
        self.cursors[View::Calls as usize] = Cursor::default();
    }

    fn explain(&mut self, call: Option<v1::CallRef>) -> Wish {
        let Some(call) = call else { return Wish::Nothing };
        self.show(Some(Open::Call(call.clone())));
        self.explained = Explained::Asked;
        Wish::Explain(call)
    }

    fn show(&mut self, open: Option<Open>) {
        self.open = open;
        self.scrolled = 0;
    }

    /// Takes in the answer to a question, unless something else is open by now.
    pub(super) fn answer(&mut self, call: &v1::CallRef, answer: Explained) {
        if matches!(&self.open, Some(Open::Call(open)) if open == call) {
            self.explained = answer;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use acd_proto::v1::watch_update::Body;

    fn picture() -> Picture {
        let mut picture = Picture::default();
        let queue = v1::Queue { queue: "billing".to_owned(), ..v1::Queue::default() };
        let agent = v1::Agent { agent: "ana".to_owned(), ..v1::Agent::default() };
        let call = v1::Call { call: Some(call()), ..v1::Call::default() };
        let snapshot = v1::Snapshot {
            queues: vec![queue],
            agents: vec![agent],
            calls: vec![call],
            ..v1::Snapshot::default()
        };
        assert!(picture.take(v1::WatchUpdate { body: Some(Body::Snapshot(snapshot)) }));
        picture
    }

    fn call() -> v1::CallRef {
        v1::CallRef { adapter: "pbx".to_owned(), call_id: "c1".to_owned() }
    }

    fn press(screen: &mut Screen, code: KeyCode) -> Wish {
        screen.press(code.into(), &picture())
    }

    fn type_in(screen: &mut Screen, text: &str) {
        for letter in text.chars() {
            assert_eq!(press(screen, KeyCode::Char(letter)), Wish::Nothing);
        }
    }

    #[test]
    fn digits_and_tab_go_from_view_to_view() {
        let mut screen = Screen::new(View::Queues);
        press(&mut screen, KeyCode::Char('3'));
        assert_eq!(screen.view, View::Calls);
        press(&mut screen, KeyCode::Tab);
        press(&mut screen, KeyCode::Tab);
        assert_eq!(screen.view, View::Queues);
        press(&mut screen, KeyCode::BackTab);
        assert_eq!(screen.view, View::Events);
    }

    #[test]
    fn letters_are_the_filters_while_it_is_typed_and_escape_clears_it() {
        let mut screen = Screen::new(View::Queues);
        type_in(&mut screen, "/Bill q2");
        assert_eq!(screen.words(), ["bill", "q2"]);
        press(&mut screen, KeyCode::Backspace);
        press(&mut screen, KeyCode::Enter);
        assert_eq!((screen.filter.as_str(), screen.typing), ("Bill q", false));
        press(&mut screen, KeyCode::Esc);
        assert_eq!(screen.filter, "");
        type_in(&mut screen, "/x");
        press(&mut screen, KeyCode::Esc);
        assert_eq!((screen.filter.as_str(), screen.typing), ("", false));
        type_in(&mut screen, &format!("/{}", "x".repeat(200)));
        assert_eq!(screen.filter.len(), FILTER_MAX);
    }

    #[test]
    fn q_and_control_c_quit_but_a_q_that_is_typed_does_not() {
        let mut screen = Screen::new(View::Queues);
        assert_eq!(press(&mut screen, KeyCode::Char('q')), Wish::Quit);
        press(&mut screen, KeyCode::Char('?'));
        assert_eq!(press(&mut screen, KeyCode::Char('q')), Wish::Quit);
        press(&mut screen, KeyCode::Esc);
        type_in(&mut screen, "/q");
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(screen.press(interrupt, &picture()), Wish::Quit);
    }

    #[test]
    fn enter_opens_a_queues_calls_and_a_call_is_explained() {
        let mut screen = Screen::new(View::Queues);
        screen.cursors[0].settle(&["billing".to_owned()], 5);
        type_in(&mut screen, "/b");
        press(&mut screen, KeyCode::Enter);
        press(&mut screen, KeyCode::Enter);
        assert_eq!((screen.view, screen.calls_of.as_deref()), (View::Calls, Some("billing")));
        assert_eq!(screen.filter, "");
        screen.cursors[2].settle(&["pbx\nc1".to_owned()], 5);
        assert_eq!(press(&mut screen, KeyCode::Enter), Wish::Explain(call()));
        assert_eq!(screen.open, Some(Open::Call(call())));
        let other = v1::CallRef { adapter: "pbx".to_owned(), call_id: "c2".to_owned() };
        screen.answer(&other, Explained::Refused("late".to_owned()));
        assert!(matches!(screen.explained, Explained::Asked));
        screen.answer(&call(), Explained::Refused("gone".to_owned()));
        assert!(matches!(screen.explained, Explained::Refused(_)));
        press(&mut screen, KeyCode::Esc);
        assert_eq!((screen.open.clone(), screen.calls_of.is_some()), (None, true));
        press(&mut screen, KeyCode::Esc);
        assert_eq!(screen.calls_of, None);
    }

    #[test]
    fn a_view_is_sorted_by_one_column_after_the_other_and_the_other_way_round() {
        let mut screen = Screen::new(View::Agents);
        press(&mut screen, KeyCode::Char('S'));
        assert_eq!(screen.sorts[1], None);
        press(&mut screen, KeyCode::Char('s'));
        press(&mut screen, KeyCode::Char('S'));
        assert_eq!(screen.sorts[1], Some(Sort { column: 0, reversed: true }));
        press(&mut screen, KeyCode::Char('<'));
        assert_eq!(screen.sorts, [None; 4]);
    }

    #[test]
    fn nothing_is_opened_where_there_is_no_row() {
        let mut screen = Screen::new(View::Calls);
        assert_eq!(press(&mut screen, KeyCode::Enter), Wish::Nothing);
        assert_eq!(screen.open, None);
    }
}
