//! A page that can be opened from a disk, mailed and printed: no script, no font and no picture from
//! anywhere else.

use super::chart::Chart;
use super::differences::Differences;
use super::svg::{LOOKS, draw};
use super::words::escape;
use std::fmt::Write as _;

/// How the page looks, in the light and in the dark, and on paper.
const STYLE: &str = include_str!("style.css");

/// A whole report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// What it is about.
    pub title: String,
    /// What it says in a sentence or two; may be empty.
    pub lead: String,
    /// The most important figures.
    pub tiles: Vec<Tile>,
    /// What is shown, from top to bottom.
    pub sections: Vec<Section>,
    /// Under what conditions it was found: names and values, at the end of the page.
    pub conditions: Vec<(String, String)>,
    /// How it was found, and what it does not say; paragraphs after the conditions.
    pub remarks: Vec<String>,
}

/// A figure in large letters.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// What it is.
    pub label: String,
    /// How much.
    pub value: String,
    /// What stands below it in small letters; may be empty.
    pub beside: String,
    /// Whether that is well.
    pub tone: Tone,
}

/// Whether something is as it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Neither.
    #[default]
    Plain,
    /// It is.
    Good,
    /// It is not.
    Bad,
}

/// A part of a page under a heading.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// What is worth saying first; may be empty.
    pub text: String,
    /// From top to bottom.
    pub blocks: Vec<Block>,
}

/// What a section is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A chart.
    Chart(Chart),
    /// Differences with their intervals.
    Differences(Differences),
    /// A table.
    Table(Table),
    /// Sentences under a title.
    Told {
        /// The title.
        title: String,
        /// One after the other.
        items: Vec<Item>,
    },
    /// What is opened by a click on its title.
    Folded {
        /// The title.
        title: String,
        /// What is inside.
        table: Table,
    },
}

/// A sentence or two that stand alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    /// What it says.
    pub text: String,
    /// What stands below it in small letters; may be empty.
    pub below: String,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What stands above it; may be empty.
    pub caption: String,
    /// The heads of the columns; one that ends in `>` puts its column to the right, for numbers.
    pub heads: Vec<String>,
    /// A cell for each column.
    pub rows: Vec<Vec<Cell>>,
    /// The last row is a sum of the others.
    pub total: bool,
}

/// A cell of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// What stands beside that in small letters, such as how exact it is; may be empty.
    pub beside: String,
    /// Whether that is well.
    pub tone: Tone,
}

impl Cell {
    /// With a text alone.
    #[must_use]
    pub fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl Tone {
    /// Good if it holds.
    #[must_use]
    pub fn good_if(holds: bool) -> Self {
        if holds { Self::Good } else { Self::Bad }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Good => " good",
            Self::Bad => " bad",
        }
    }
}

impl Page {
    /// The page as HTML.
    #[must_use]
    pub fn html(&self) -> String {
        let title = escape(&self.title);
        let mut html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
             <header>\n<h1>{title}</h1>\n"
        );
        paragraph(&mut html, "lead", &self.lead);
        html.push_str("</header>\n");
        tiles(&mut html, &self.tiles);
        for section in &self.sections {
            let _ = writeln!(html, "<section>\n<h2>{}</h2>", escape(&section.title));
            paragraph(&mut html, "note", &section.text);
            section.blocks.iter().for_each(|block| self::block(&mut html, block));
            html.push_str("</section>\n");
        }
        self.foot(&mut html);
        html.push_str("</main>\n</body>\n</html>\n");
        html
    }

    fn foot(&self, html: &mut String) {
        html.push_str("<footer>\n<h2>Conditions</h2>\n<dl>\n");
        for (name, value) in &self.conditions {
            let (name, value) = (escape(name), escape(value));
            let _ = writeln!(html, "<div><dt>{name}</dt><dd>{value}</dd></div>");
        }
        html.push_str("</dl>\n");
        for remark in &self.remarks {
            paragraph(html, "note", remark);
        }
        html.push_str("</footer>\n");
    }
}

fn paragraph(html: &mut String, class: &str, text: &str) {
    if !text.is_empty() {
        let _ = writeln!(html, "<p class=\"{class}\">{}</p>", escape(text));
    }
}

fn tiles(html: &mut String, tiles: &[Tile]) {
    if tiles.is_empty() {
        return;
    }
    html.push_str("<ul class=\"tiles\">\n");
    for Tile { label, value, beside, tone } in tiles {
        let (label, value, beside) = (escape(label), escape(value), escape(beside));
        let _ = writeln!(
            html,
            "<li class=\"tile{}\"><span class=\"name\">{label}</span>\
             <strong>{value}</strong><span class=\"beside\">{beside}</span></li>",
            tone.class()
        );
    }
    html.push_str("</ul>\n");
}

fn block(html: &mut String, block: &Block) {
    match block {
        Block::Chart(chart) => figure(html, chart),
        Block::Differences(of) => html.push_str(&of.figure()),
        Block::Table(of) => table(html, of),
        Block::Told { title, items } => told(html, title, items),
        Block::Folded { title, table: of } => {
            let _ = writeln!(html, "<details>\n<summary>{}</summary>", escape(title));
            table(html, of);
            html.push_str("</details>\n");
        }
    }
}

fn told(html: &mut String, title: &str, items: &[Item]) {
    let _ = writeln!(html, "<div class=\"told\">\n<h3>{}</h3>\n<ul>", escape(title));
    for Item { text, below } in items {
        let _ = write!(html, "<li>{}", escape(text));
        if !below.is_empty() {
            let _ = write!(html, "<span class=\"note\">{}</span>", escape(below));
        }
        html.push_str("</li>\n");
    }
    html.push_str("</ul>\n</div>\n");
}

fn figure(html: &mut String, chart: &Chart) {
    let _ = writeln!(html, "<figure>\n<figcaption>{}", escape(&chart.title));
    if !chart.note.is_empty() {
        let _ = write!(html, "<span class=\"note\">{}</span>", escape(&chart.note));
    }
    html.push_str("</figcaption>\n");
    if chart.series.len() > 1 {
        html.push_str("<ul class=\"legend\">");
        for (at, series) in chart.series.iter().enumerate() {
            let key = format!(
                "<svg viewBox=\"0 0 22 10\" aria-hidden=\"true\">\
                 <path class=\"curve s{}\" d=\"M1 5L21 5\"/></svg>",
                at % LOOKS
            );
            let _ = write!(html, "<li>{key}{}</li>", escape(&series.name));
        }
        html.push_str("</ul>\n");
    }
    let _ = writeln!(html, "<div class=\"scroll\">{}</div>\n</figure>", draw(chart));
}

fn table(html: &mut String, table: &Table) {
    html.push_str("<div class=\"wide\"><table>\n");
    if !table.caption.is_empty() {
        let _ = writeln!(html, "<caption>{}</caption>", escape(&table.caption));
    }
    let heads: Vec<(&str, &str)> = table
        .heads
        .iter()
        .map(|head| match head.strip_suffix('>') {
            Some(head) => (head, "number"),
            None => (head.as_str(), ""),
        })
        .collect();
    html.push_str("<thead><tr>");
    for (head, class) in &heads {
        let _ = write!(html, "<th scope=\"col\" class=\"{class}\">{}</th>", escape(head));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for (index, row) in table.rows.iter().enumerate() {
        let is_total = table.total && index + 1 == table.rows.len();
        html.push_str(if is_total { "<tr class=\"total\">" } else { "<tr>" });
        for (cell, (_, class)) in row.iter().zip(&heads) {
            let _ =
                write!(html, "<td class=\"{class}{}\">{}", cell.tone.class(), escape(&cell.text));
            if !cell.beside.is_empty() {
                let _ = write!(html, " <small>{}</small>", escape(&cell.beside));
            }
            html.push_str("</td>");
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table></div>\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Axis, Point, Series};

    #[test]
    fn a_page_stands_alone_and_escapes_what_it_is_told() {
        let series = |name: &str| Series {
            name: name.to_owned(),
            points: vec![Some(Point::exactly(0.0, 1.0)), Some(Point::exactly(3_600.0, 2.0))],
            steps: false,
        };
        let chart = Chart {
            title: "Calls".to_owned(),
            note: "of <all> queues".to_owned(),
            x: Axis::day(0.0, 7_200.0),
            y: Axis::number("calls", 2.0),
            series: vec![series("front & desk"), series("billing")],
            rules: Vec::new(),
        };
        let table = Table {
            heads: vec!["Queue".to_owned(), "Calls>".to_owned()],
            rows: vec![vec![
                Cell::of("front & desk"),
                Cell { beside: "± 1".to_owned(), ..Cell::of("7") },
            ]],
            ..Table::default()
        };
        let item = Item { text: "<b> calls".to_owned(), below: "of & to".to_owned() };
        let told = Block::Told { title: "What & where".to_owned(), items: vec![item] };
        let page = Page {
            title: "<script>".to_owned(),
            sections: vec![Section {
                title: "Queues".to_owned(),
                blocks: vec![Block::Chart(chart), Block::Table(table), told],
                ..Section::default()
            }],
            conditions: vec![("seed".to_owned(), "1".to_owned())],
            ..Page::default()
        };
        let html = page.html();
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script"), "{html}");
        assert!(html.contains("front &amp; desk") && html.contains("of &lt;all&gt; queues"));
        assert!(html.contains("<td class=\"number\">7 <small>± 1</small></td>"), "{html}");
        assert!(html.contains("<li>&lt;b&gt; calls<span class=\"note\">of &amp; to</span></li>"));
        for elsewhere in ["http://", "https://", "url(", "@import", "src="] {
            assert!(!html.contains(elsewhere), "{elsewhere}");
        }
    }
}
