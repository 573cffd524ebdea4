//! Which functions the compiler calls: those that constants call, and what these call in turn.

use std::collections::{BTreeMap, BTreeSet};
use syn::visit::{self, Visit};

/// Who calls whom where the compiler works something out, by name alone; constants are nobody's.
#[derive(Default)]
pub(super) struct Calls {
    by: BTreeMap<Option<String>, BTreeSet<String>>,
    within: Option<Option<String>>,
}

impl Calls {
    /// Looks through a file.
    pub(super) fn look(&mut self, source: &str) -> Result<(), String> {
        let file = syn::parse_file(source).map_err(|error| error.to_string())?;
        self.visit_file(&file);
        Ok(())
    }

    /// Those that constants call, directly or not.
    pub(super) fn of_constants(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut callers = vec![None];
        while let Some(caller) = callers.pop() {
            for called in self.by.get(&caller).into_iter().flatten() {
                if found.insert(called.clone()) {
                    callers.push(Some(called.clone()));
                }
            }
        }
        found
    }

    fn within(&mut self, caller: Option<Option<String>>, visit: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.within, caller);
        visit(self);
        self.within = before;
    }

    fn is_called(&mut self, name: &syn::Ident) {
        if let Some(caller) = &self.within {
            self.by.entry(caller.clone()).or_default().insert(name.to_string());
        }
    }
}

/// A function's own name, if it may be called by the compiler.
fn named(signature: &syn::Signature) -> Option<Option<String>> {
    signature.constness.is_some().then(|| Some(signature.ident.to_string()))
}

impl<'ast> Visit<'ast> for Calls {
    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.within(Some(None), |calls| visit::visit_item_const(calls, item));
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.within(Some(None), |calls| visit::visit_impl_item_const(calls, item));
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.within(Some(None), |calls| visit::visit_item_static(calls, item));
    }

    fn visit_type_array(&mut self, kind: &'ast syn::TypeArray) {
        self.within(Some(None), |calls| visit::visit_type_array(calls, kind));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.within(named(&item.sig), |calls| visit::visit_item_fn(calls, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.within(named(&item.sig), |calls| visit::visit_impl_item_fn(calls, item));
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(called) = &*call.func
            && let Some(last) = called.path.segments.last()
        {
            self.is_called(&last.ident);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.is_called(&call.method);
        visit::visit_expr_method_call(self, call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_constants_call_is_found_and_what_that_calls() {
        let source = "const A: u8 = B::f(1) + 2;\nimpl B { const fn f(a: u8) -> u8 { g(a) } }\n\
                      const fn g(a: u8) -> u8 { a }\nconst fn h() -> u8 { g(1) }\nfn i() -> u8 { h() }\n";
        let mut calls = Calls::default();
        calls.look(source).expect("it is Rust");
        assert_eq!(calls.of_constants().into_iter().collect::<Vec<_>>(), ["f", "g"]);
    }
}
