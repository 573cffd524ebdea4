//! How results are shown: charts and figures as one HTML page that needs nothing else, and as small
//! charts of block characters for a terminal.
//!
//! Nothing here knows what is measured. Whoever has results says what is to be seen in the words of
//! this room: a [`Page`] of [`Section`]s of charts, tables and tiles.

mod axis;
mod blocks;
mod chart;
mod differences;
mod page;
mod svg;
mod words;

pub use axis::Axis;
pub use blocks::{Blocks, blocks, hours};
pub use chart::{Chart, Point, Rule, Series};
pub use differences::{Difference, Differences};
pub use page::{Block, Cell, Item, Page, Section, Table, Tile, Tone};
pub use words::{clock, escape, length, percent, rough_length, short_length};
