//! How all changes of a file stand in one text, from which a run chooses one by its number.
//!
//! `a + b` becomes `(if crate::woven::on(17) { a - b } else { a + b })`. What is chosen holds the text as it was, since
//! only one change is made at a time; so the text grows with the changes, however deep they are nested.

use super::changes::{Change, Genre, Place};
use proc_macro2::Span;
use std::collections::{BTreeSet, HashMap};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// The file with all changes of it that can be chosen at run time; and the numbers of those that are in it.
///
/// What the compiler works out cannot be chosen: constants, and the functions of these names, which they call.
pub(super) fn weave(
    source: &str,
    changes: &[&Change],
    for_constants: &BTreeSet<String>,
) -> Result<(String, Vec<usize>), String> {
    let file = syn::parse_file(source).map_err(|error| error.to_string())?;
    let mut loom = Loom {
        lines: line_starts(source),
        source,
        at: HashMap::new(),
        for_constants: for_constants.clone(),
        ..Loom::default()
    };
    for change in changes {
        loom.at.entry((change.genre, change.starts)).or_default().push(change);
    }
    loom.visit_file(&file);
    Ok((inserted(source, loom.insertions), loom.woven))
}

/// The changes that stand at a byte of a woven text: of those that are chosen there, not those beside them.
pub(super) fn woven_at(text: &str, start: usize) -> Option<usize> {
    let before = text.get(..start)?;
    let (_, mark) = before.rsplit_once("/*<")?;
    let (number, _) = mark.split_once("*/")?;
    let is_open = !mark.contains(&closing(number));
    is_open.then(|| number.parse().ok()).flatten()
}

fn marked(number: usize, what: &str) -> String {
    format!("/*<{number}*/ {what} {}", closing(number))
}

fn closing(number: impl std::fmt::Display) -> String {
    format!("/*{number}>*/")
}

/// Text to be put in: where, and in which order if there are several.
struct Insertion {
    at: usize,
    order: isize,
    text: String,
}

#[derive(Default)]
struct Loom<'a> {
    source: &'a str,
    lines: Vec<usize>,
    at: HashMap<(Genre, Place), Vec<&'a Change>>,
    insertions: Vec<Insertion>,
    woven: Vec<usize>,
    for_constants: BTreeSet<String>,
    /// How deep in what the compiler works out.
    constant: usize,
}

impl<'a> Loom<'a> {
    fn changes(&mut self, genre: Genre, span: Span) -> Vec<&'a Change> {
        let found = self.at.remove(&(genre, Place::start_of(span))).unwrap_or_default();
        if self.constant > 0 {
            return Vec::new();
        }
        self.woven.extend(found.iter().map(|change| change.number));
        found
    }

    fn byte(&self, place: Place) -> usize {
        let start = self.lines[place.line - 1];
        let line = &self.source[start..];
        start + line.char_indices().nth(place.column - 1).map_or(line.len(), |(at, _)| at)
    }

    fn range(&self, span: Span) -> (usize, usize) {
        (self.byte(Place::start_of(span)), self.byte(Place::end_of(span)))
    }

    fn text(&self, span: Span) -> &'a str {
        let (start, end) = self.range(span);
        &self.source[start..end]
    }

    /// What opens later stands further in, and closes first.
    fn wrap(&mut self, (start, end): (usize, usize), before: String, after: &str) {
        self.insert(start, before);
        let order = -self.insertions.last().map_or(0, |opened| opened.order);
        self.insertions.push(Insertion { at: end, order, text: after.to_owned() });
    }

    fn insert(&mut self, at: usize, text: String) {
        let order = self.insertions.len() as isize + 1;
        self.insertions.push(Insertion { at, order, text });
    }

    /// An expression that is another one if one of these changes is chosen.
    fn choose(&mut self, span: Span, changes: &[&Change], other: impl Fn(&Change) -> String) {
        if changes.is_empty() {
            return;
        }
        let mut before = "(".to_owned();
        for change in changes {
            let other = marked(change.number, &other(change));
            before += &format!("if crate::woven::on({}) {{ {other} }} else ", change.number);
        }
        self.wrap(self.range(span), before + "{ ", " })");
    }

    /// The same with another operator.
    fn operator(&mut self, genre: Genre, whole: Span, operator: Span) {
        let changes = self.changes(genre, operator);
        let (start, end) = self.range(whole);
        let (from, to) = self.range(operator);
        let source = self.source;
        self.choose(whole, &changes, |change| {
            format!("{}{}{}", &source[start..from], change.replacement, &source[to..end])
        });
    }

    /// A function that returns something else at once if one of its changes is chosen.
    fn function(
        &mut self,
        signature: &syn::Signature,
        block: &syn::Block,
        visit: impl FnOnce(&mut Self),
    ) {
        let is_fixed = signature.constness.is_some()
            && self.for_constants.contains(&signature.ident.to_string());
        if let (Some(word), false) = (&signature.constness, is_fixed) {
            self.wrap(self.range(word.span()), "/*".to_owned(), "*/");
        }
        self.within(is_fixed, |loom| {
            loom.body(signature, block);
            visit(loom);
        });
    }

    fn body(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let (Some(first), Some(last)) = (block.stmts.first(), block.stmts.last()) else { return };
        let changes = self.changes(Genre::FnValue, first.span());
        // One type stands for both: that of the function's last expression, and that of what is returned instead.
        let opaque = match (&signature.output, last) {
            (syn::ReturnType::Type(_, kind), syn::Stmt::Expr(last, None)) if is_opaque(kind) => {
                Some(last)
            }
            _ => None,
        };
        for change in &changes {
            let instead = match opaque {
                Some(_) => format!("return crate::woven::Either::instead({});", change.replacement),
                None => format!("return {};", change.replacement),
            };
            let instead = marked(change.number, &instead);
            let text = format!("if crate::woven::on({}) {{ {instead} }} ", change.number);
            self.insert(self.range(first.span()).0, text);
        }
        if let (Some(last), false) = (opaque, changes.is_empty()) {
            self.wrap(self.range(last.span()), "crate::woven::Either::AsItIs(".to_owned(), ")");
        }
    }

    fn within(&mut self, is_constant: bool, visit: impl FnOnce(&mut Self)) {
        self.constant += usize::from(is_constant);
        visit(self);
        self.constant -= usize::from(is_constant);
    }
}

impl<'ast> Visit<'ast> for Loom<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block, |loom| visit::visit_item_fn(loom, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.block, |loom| visit::visit_impl_item_fn(loom, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.body(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.within(true, |loom| visit::visit_item_const(loom, item));
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.within(true, |loom| visit::visit_impl_item_const(loom, item));
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.within(true, |loom| visit::visit_item_static(loom, item));
    }

    fn visit_type_array(&mut self, kind: &'ast syn::TypeArray) {
        self.within(true, |loom| visit::visit_type_array(loom, kind));
    }

    fn visit_expr_repeat(&mut self, repeat: &'ast syn::ExprRepeat) {
        self.visit_expr(&repeat.expr);
        self.within(true, |loom| loom.visit_expr(&repeat.len));
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        // `a && let Some(b) = c` is no expression.
        if !has_let(&binary.left) && !has_let(&binary.right) {
            self.operator(Genre::BinaryOperator, binary.span(), binary.op.span());
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'ast syn::ExprUnary) {
        self.operator(Genre::UnaryOperator, unary.span(), unary.op.span());
        visit::visit_expr_unary(self, unary);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        // An arm that is deleted has no guard: one that has loses its guard instead.
        for change in self.changes(Genre::MatchArm, arm.span()) {
            let guard = format!(" if {}", marked(change.number, &unchosen(change)));
            self.insert(self.range(arm.pat.span()).1, guard);
        }
        if let syn::Pat::Guard(syn::PatGuard { guard, .. }) = &arm.pat {
            let mut changes = self.changes(Genre::MatchArmGuard, guard.span());
            if has_let(guard) {
                changes.retain(|change| change.replacement == "false");
                let before: String = changes.iter().map(|it| unchosen(it) + " && ").collect();
                self.insert(self.range(guard.span()).0, before);
            } else {
                self.choose(guard.span(), &changes, |change| change.replacement.clone());
            }
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr_struct(&mut self, made: &'ast syn::ExprStruct) {
        if let Some(base) = &made.rest {
            let (path, base) = (self.text(made.path.span()), self.text(base.span()));
            for field in &made.fields {
                let changes = self.changes(Genre::StructField, field.span());
                let name = self.text(field.member.span());
                if field.colon_token.is_none() && !changes.is_empty() {
                    self.insert(self.range(field.span()).0, format!("{name}: "));
                }
                self.choose(field.expr.span(), &changes, |_| {
                    format!("match {base} {{ {path} {{ {name}, .. }} => {name} }}")
                });
            }
        }
        visit::visit_expr_struct(self, made);
    }
}

fn unchosen(change: &Change) -> String {
    format!("!crate::woven::on({})", change.number)
}

/// Whether it is a chain of conditions that binds something.
fn has_let(condition: &syn::Expr) -> bool {
    match condition {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

fn is_opaque(kind: &syn::Type) -> bool {
    struct Opaque(bool);
    impl<'ast> Visit<'ast> for Opaque {
        fn visit_type_impl_trait(&mut self, _: &'ast syn::TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut found = Opaque(false);
    found.visit_type(kind);
    found.0
}

/// Where each line begins.
fn line_starts(source: &str) -> Vec<usize> {
    let after = source.match_indices('\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(after).collect()
}

fn inserted(source: &str, mut insertions: Vec<Insertion>) -> String {
    insertions.sort_by_key(|it| (it.at, it.order));
    let (mut text, mut from) = (String::new(), 0);
    for it in insertions {
        text += &source[from..it.at];
        text += &it.text;
        from = it.at;
    }
    text + &source[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(
        number: usize,
        genre: Genre,
        line: usize,
        column: usize,
        replacement: &str,
    ) -> Change {
        let (file, name) = (String::new(), String::new());
        let starts = Place { line, column };
        Change { number, file, name, genre, starts, replacement: replacement.to_owned() }
    }

    fn woven(source: &str, changes: &[Change]) -> (String, Vec<usize>) {
        weave(source, &changes.iter().collect::<Vec<_>>(), &BTreeSet::from(["f".to_owned()]))
            .expect("it is Rust")
    }

    #[test]
    fn changes_within_each_other_are_chosen_one_at_a_time() {
        let source = "fn f() -> bool {\n    a + b < !c\n}\n";
        let changes = [
            change(1, Genre::FnValue, 2, 5, "true"),
            change(2, Genre::BinaryOperator, 2, 7, "-"),
            change(3, Genre::BinaryOperator, 2, 11, "=="),
            change(4, Genre::UnaryOperator, 2, 13, ""),
        ];
        let (text, numbers) = woven(source, &changes);
        assert_eq!(numbers, [1, 3, 2, 4]);
        let body = "if crate::woven::on(1) { /*<1*/ return true; /*1>*/ } \
                    (if crate::woven::on(3) { /*<3*/ a + b == !c /*3>*/ } else { \
                    (if crate::woven::on(2) { /*<2*/ a - b /*2>*/ } else { a + b }) < \
                    (if crate::woven::on(4) { /*<4*/ c /*4>*/ } else { !c }) })";
        assert_eq!(text, format!("fn f() -> bool {{\n    {body}\n}}\n"));
        let at = |what: &str| woven_at(&text, text.find(what).expect("it is there"));
        assert_eq!(
            (at("- b"), at("+ b =="), at("+ b })"), at("fn")),
            (Some(2), Some(3), None, None)
        );
    }

    #[test]
    fn arms_guards_and_fields_are_as_they_were_unless_chosen() {
        let source = "fn f() {\n    match a {\n        1 => {}\n        2 if b => {}\n        _ => {}\n    }\n    \
                      A { b, c: 1, ..d }\n}\n";
        let changes = [
            change(1, Genre::MatchArm, 3, 9, ""),
            change(2, Genre::MatchArmGuard, 4, 14, "true"),
            change(3, Genre::StructField, 7, 9, ""),
            change(4, Genre::StructField, 7, 12, ""),
        ];
        let (text, _) = woven(source, &changes);
        for said in [
            "1 if /*<1*/ !crate::woven::on(1) /*1>*/ => {}",
            "2 if (if crate::woven::on(2) { /*<2*/ true /*2>*/ } else { b }) => {}",
            "A { b: (if crate::woven::on(3) { /*<3*/ match d { A { b, .. } => b } /*3>*/ } else { b }),",
            " c: (if crate::woven::on(4) { /*<4*/ match d { A { c, .. } => c } /*4>*/ } else { 1 }), ..d }",
        ] {
            assert!(text.contains(said), "{said}\n{text}");
        }
    }

    #[test]
    fn what_the_compiler_works_out_is_left_alone() {
        let source = "const A: u8 = f() + 2;\nconst fn f() -> u8 { 1 + 2 }\n";
        let changes = [
            change(1, Genre::BinaryOperator, 1, 19, "-"),
            change(2, Genre::FnValue, 2, 22, "0"),
            change(3, Genre::BinaryOperator, 2, 24, "-"),
        ];
        assert_eq!(woven(source, &changes), (source.to_owned(), Vec::new()));
    }

    #[test]
    fn other_constant_functions_are_constant_no_more_and_another_iterator_is_of_the_same_type() {
        let source = "const fn g() -> u8 { 1 }\nfn h() -> impl Iterator<Item = u8> { 0..1 }\n";
        let changes = [
            change(1, Genre::FnValue, 1, 22, "0"),
            change(2, Genre::FnValue, 2, 38, "::std::iter::empty()"),
        ];
        let (text, _) = woven(source, &changes);
        let instead = "/*<2*/ return crate::woven::Either::instead(::std::iter::empty()); /*2>*/";
        for said in [
            "/*const*/ fn g() -> u8 { if crate::woven::on(1) { /*<1*/ return 0; /*1>*/ } 1 }",
            &format!(
                "{{ if crate::woven::on(2) {{ {instead} }} crate::woven::Either::AsItIs(0..1) }}"
            ),
        ] {
            assert!(text.contains(said), "{said}\n{text}");
        }
    }
}
