//! Writes all mutants of a file into its source at once, each behind a switch.
//!
//! What a mutant stands in is written once as it is and once for each mutant, with nothing else changed, since only one
//! is on at a time: so the text grows in a straight line, and a mutant is what its replaced text means. Every
//! mutant's text has lines of its own between two marks, by which the compiler's errors find it.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Range,
};

use syn::{
    Block, Expr, GenericArgument, PathArguments, ReturnType, Signature, Type, TypeParamBound,
    spanned::Spanned,
    visit::{self, Visit},
};

use crate::list::{Genre, Mutant};

/// A file with its mutants.
pub(crate) struct Switched {
    pub(crate) text: String,
    /// `&&` beside `let` cannot become `||`.
    pub(crate) unviable: Vec<usize>,
    /// Those in functions that must stay `const`.
    pub(crate) baked: Vec<usize>,
}

/// # Errors
/// A mutant whose place is not found.
pub(crate) fn switched(source: &str, mutants: &[&Mutant], constant: &BTreeSet<String>) -> Result<Switched, String> {
    let file = syn::parse_file(source).map_err(|error| error.to_string())?;
    let mut places = Places::default();
    places.visit_file(&file);
    let mut writer = Writer { source, sites: BTreeMap::new(), baked: Vec::new() };
    let mut unviable = Vec::new();
    for mutant in mutants {
        let lost = || format!("{}:{}: the place of `{}` is not found", mutant.file, mutant.at, mutant.name);
        let start = mutant.span.start;
        match mutant.genre {
            Genre::Body => {
                let body = places.bodies.iter().find(|body| body.first == start).ok_or_else(lost)?;
                match &body.items {
                    Some(items) => {
                        let items = &source[items.clone()];
                        let text = format!("crate::mutation::items::<{items}, _>({})", mutant.replacement);
                        writer.site(body.inside.clone(), Kind::Opaque).push((mutant.id, text));
                    }
                    None => {
                        writer.site(body.inside.clone(), Kind::Body).push((mutant.id, mutant.replacement.clone()));
                    }
                }
            }
            Genre::Binary | Genre::Unary | Genre::Field => match places.expressions.get(&start).ok_or_else(lost)? {
                Some(whole) => writer.expression(whole.clone(), mutant),
                None => unviable.push(mutant.id),
            },
            Genre::Guard => writer.expression(mutant.span.clone(), mutant),
            Genre::Arm => match places.arms.get(&start).ok_or_else(lost)? {
                Arm { guard: Some(guard), .. } => {
                    writer.site(guard.clone(), Kind::GuardedArm).push((mutant.id, String::new()));
                }
                Arm { pattern, .. } => {
                    writer.site(*pattern..*pattern, Kind::BareArm).push((mutant.id, String::new()));
                }
            },
        }
    }
    let edits = writer.edits(&places, constant);
    Ok(Switched { text: writer.text(0..source.len(), &edits), unviable, baked: writer.baked })
}

/// The text of a mutant between its marks; errors there are its own.
pub(crate) fn marked_lines(text: &str) -> Vec<(usize, Range<usize>)> {
    let mut found = Vec::new();
    let mut open = None;
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(id) = line.strip_prefix("/*mutant ").and_then(|rest| rest.strip_suffix("*/")) {
            open = id.parse().ok().map(|id: usize| (id, number));
        } else if line == "/*end*/"
            && let Some((id, from)) = open.take()
        {
            found.push((id, from..number + 1));
        }
    }
    found
}

// ── Where things are ──

#[derive(Default)]
struct Places {
    /// By where the operator, or the field, begins: the expression whose text is changed as a whole. `None` for `&&`
    /// beside `let`.
    expressions: HashMap<usize, Option<Range<usize>>>,
    /// By where the arm begins.
    arms: HashMap<usize, Arm>,
    bodies: Vec<Body>,
    /// Values of constants.
    constants: Vec<Range<usize>>,
}

struct Arm {
    /// Where its pattern ends.
    pattern: usize,
    guard: Option<Range<usize>>,
}

/// A function's.
struct Body {
    /// Between the braces.
    inside: Range<usize>,
    /// Where its first statement begins.
    first: usize,
    /// The items of the iterator that it promises, where it promises a trait and not a type.
    items: Option<Range<usize>>,
    /// Its name and its word `const`.
    constant: Option<(String, Range<usize>)>,
}

impl Places {
    fn body(&mut self, signature: &Signature, block: &Block) {
        let Some(first) = block.stmts.first() else { return };
        let whole = block.span().byte_range();
        self.bodies.push(Body {
            inside: whole.start + 1..whole.end - 1,
            first: first.span().byte_range().start,
            items: items(&signature.output),
            constant: signature.constness.as_ref().map(|word| (signature.ident.to_string(), word.span.byte_range())),
        });
    }

    /// All operators of a chain `a == b && c > d` change the text of the whole, since another operator may bind
    /// otherwise; but `let` must stay where it is, between its `&&`.
    fn binary(&mut self, node: &syn::ExprBinary, chain: Option<Range<usize>>) {
        let operator = node.op.span().byte_range().start;
        let chain = if has_let(node) {
            self.expressions.insert(operator, None);
            None
        } else {
            let chain = chain.unwrap_or_else(|| node.span().byte_range());
            self.expressions.insert(operator, Some(chain.clone()));
            Some(chain)
        };
        for side in [&node.left, &node.right] {
            match &**side {
                Expr::Binary(inner) => self.binary(inner, chain.clone()),
                other => self.visit_expr(other),
            }
        }
    }
}

/// `T` of `impl Iterator<Item = T>`.
fn items(output: &ReturnType) -> Option<Range<usize>> {
    let ReturnType::Type(_, output) = output else { return None };
    let Type::ImplTrait(promised) = &**output else { return None };
    let promises = promised.bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    });
    let mut arguments = promises.filter_map(|segment| match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    });
    arguments.find_map(|arguments| {
        arguments.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(item) => Some(item.ty.span().byte_range()),
            _ => None,
        })
    })
}

fn has_let(node: &syn::ExprBinary) -> bool {
    [&node.left, &node.right].into_iter().any(|side| match &**side {
        Expr::Let(_) => true,
        Expr::Binary(inner) => has_let(inner),
        _ => false,
    })
}

impl<'ast> Visit<'ast> for Places {
    fn visit_item_fn(&mut self, node: &'ast syn::ItemFn) {
        self.body(&node.sig, &node.block);
        visit::visit_item_fn(self, node);
    }

    fn visit_impl_item_fn(&mut self, node: &'ast syn::ImplItemFn) {
        self.body(&node.sig, &node.block);
        visit::visit_impl_item_fn(self, node);
    }

    fn visit_trait_item_fn(&mut self, node: &'ast syn::TraitItemFn) {
        if let Some(block) = &node.default {
            self.body(&node.sig, block);
        }
        visit::visit_trait_item_fn(self, node);
    }

    fn visit_item_const(&mut self, node: &'ast syn::ItemConst) {
        self.constants.push(node.expr.span().byte_range());
        visit::visit_item_const(self, node);
    }

    fn visit_impl_item_const(&mut self, node: &'ast syn::ImplItemConst) {
        self.constants.push(node.expr.span().byte_range());
        visit::visit_impl_item_const(self, node);
    }

    fn visit_item_static(&mut self, node: &'ast syn::ItemStatic) {
        self.constants.push(node.expr.span().byte_range());
        visit::visit_item_static(self, node);
    }

    fn visit_expr_binary(&mut self, node: &'ast syn::ExprBinary) {
        self.binary(node, None);
    }

    fn visit_expr_unary(&mut self, node: &'ast syn::ExprUnary) {
        let whole = node.span().byte_range();
        self.expressions.insert(whole.start, Some(whole));
        visit::visit_expr_unary(self, node);
    }

    fn visit_expr_struct(&mut self, node: &'ast syn::ExprStruct) {
        for field in &node.fields {
            self.expressions.insert(field.span().byte_range().start, Some(node.span().byte_range()));
        }
        visit::visit_expr_struct(self, node);
    }

    fn visit_arm(&mut self, node: &'ast syn::Arm) {
        let guard = node.guard.as_ref().map(|(_, guard)| guard.span().byte_range());
        let pattern = node.pat.span().byte_range().end;
        self.arms.insert(node.span().byte_range().start, Arm { pattern, guard });
        visit::visit_arm(self, node);
    }
}

// ── The new text ──

/// How a site is written; of two over the same text the first is outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Body,
    Opaque,
    /// An arm with a guard: nothing gets in where it is deleted.
    GuardedArm,
    BareArm,
    Expression,
}

/// Where a text is switched: its start and its end, the longest first, then the outermost.
type At = (usize, Reverse<usize>, Kind);

struct Writer<'s> {
    source: &'s str,
    /// The mutants of each text, each with its own.
    sites: BTreeMap<At, Vec<(usize, String)>>,
    baked: Vec<usize>,
}

/// What else changes: the word `const` of functions goes; where it cannot, `baked` is asked.
struct Edits {
    dropped: Vec<Range<usize>>,
    constant: Vec<Range<usize>>,
}

impl Writer<'_> {
    fn site(&mut self, range: Range<usize>, kind: Kind) -> &mut Vec<(usize, String)> {
        self.sites.entry((range.start, Reverse(range.end), kind)).or_default()
    }

    fn expression(&mut self, whole: Range<usize>, mutant: &Mutant) {
        let (before, after) = (&self.source[whole.start..mutant.span.start], &self.source[mutant.span.end..whole.end]);
        let text = [before, &mutant.replacement, after].concat();
        self.site(whole, Kind::Expression).push((mutant.id, text));
    }

    fn edits(&mut self, places: &Places, constant: &BTreeSet<String>) -> Edits {
        let mut edits = Edits { dropped: Vec::new(), constant: places.constants.clone() };
        for body in &places.bodies {
            let Some((name, word)) = &body.constant else { continue };
            if constant.contains(name) {
                edits.constant.push(body.inside.clone());
            } else {
                edits.dropped.push(word.clone());
            }
        }
        let baked = self.sites.iter().filter(|((start, ..), _)| edits.constant.iter().any(|of| of.contains(start)));
        self.baked = baked.flat_map(|(_, mutants)| mutants.iter().map(|(id, _)| *id)).collect();
        edits
    }

    /// The text of a range.
    fn text(&self, range: Range<usize>, edits: &Edits) -> String {
        self.below(range, None, edits)
    }

    fn below(&self, range: Range<usize>, above: Option<At>, edits: &Edits) -> String {
        let mut text = String::new();
        let mut done = range.start;
        for (key, mutants) in &self.sites {
            let (start, Reverse(end), kind) = *key;
            let inside = range.start <= start && end <= range.end && above.is_none_or(|above| *key > above);
            if !inside || start < done {
                continue;
            }
            text.push_str(&self.plain(done..start, edits));
            let own = self.below(start..end, Some(*key), edits);
            text.push_str(&written(kind, &own, mutants, asked(start, mutants, edits)));
            done = end;
        }
        text + &self.plain(done..range.end, edits)
    }

    /// Without the words that go.
    fn plain(&self, range: Range<usize>, edits: &Edits) -> String {
        let mut text = String::new();
        let mut done = range.start;
        for word in edits.dropped.iter().filter(|word| range.start <= word.start && word.end <= range.end) {
            text.push_str(&self.source[done..word.start]);
            done = word.end;
        }
        text + &self.source[done..range.end]
    }
}

/// The call that says which of them is on.
fn asked(start: usize, mutants: &[(usize, String)], edits: &Edits) -> String {
    let call = if edits.constant.iter().any(|body| body.contains(&start)) { "baked" } else { "at" };
    let ids: Vec<String> = mutants.iter().map(|(id, _)| id.to_string()).collect();
    format!("crate::mutation::{call}(&[{}])", ids.join(", "))
}

fn written(kind: Kind, own: &str, mutants: &[(usize, String)], asked: String) -> String {
    let arms = |of: &dyn Fn(usize, &str) -> String| -> String {
        (mutants.iter().zip(1..))
            .map(|((id, text), place)| {
                let pattern = if place == mutants.len() { "_".to_owned() } else { place.to_string() };
                format!("\n/*mutant {id}*/\n{pattern} => {},\n/*end*/\n", of(place, text))
            })
            .collect()
    };
    match kind {
        Kind::Expression => format!("(match {asked} {{ 0 => ({own}\n),{}}})", arms(&|_, text| format!("({text}\n)"))),
        Kind::Body => format!("match {asked} {{ 0 => {{}}{}}}{own}", arms(&|_, text| format!("return {text}"))),
        Kind::Opaque => {
            // Own(Own(…)) for the function's own, Other at the depth of a mutant's place.
            let nested = |outer: usize, core: String| {
                (0..outer).fold(core, |inner, _| format!("crate::mutation::Either::Own({inner})"))
            };
            let own = nested(mutants.len(), format!("{{{own}}}"));
            let other = |place: usize, text: &str| {
                nested(mutants.len() - place, format!("crate::mutation::Either::Other({text})"))
            };
            format!("match {asked} {{ 0 => {own},{}}}", arms(&other))
        }
        Kind::GuardedArm => format!("{asked} == 0 && ({own})"),
        Kind::BareArm => format!(" if {asked} == 0"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mutants of a source: genre, the text that is replaced (its first place), and what by.
    fn mutants(source: &str, of: &[(Genre, &str, &str)]) -> Vec<Mutant> {
        let mutant = |(id, (genre, old, new)): (usize, &(Genre, &str, &str))| {
            let start = source.find(old).expect("it stands there");
            Mutant {
                id,
                file: "src/room/file.rs".to_owned(),
                at: "1:1".to_owned(),
                name: format!("replace {old} with {new}"),
                genre: *genre,
                span: start..start + old.len(),
                replacement: (*new).to_owned(),
            }
        };
        (1..).zip(of).map(mutant).collect()
    }

    /// On one line, without the marks.
    fn written(source: &str, of: &[(Genre, &str, &str)], constant: &[&str]) -> String {
        let mutants = mutants(source, of);
        let constant = constant.iter().map(|name| (*name).to_owned()).collect();
        let switched = switched(source, &mutants.iter().collect::<Vec<_>>(), &constant).unwrap();
        syn::parse_file(&switched.text).expect("what is written is Rust");
        let lines = switched.text.lines().map(str::trim);
        let text = lines.filter(|line| !line.starts_with("/*")).collect::<Vec<_>>().join(" ");
        text.split_whitespace().collect::<Vec<_>>().join(" ").replace("crate::mutation::", "")
    }

    #[test]
    fn a_body_gives_the_replacement_first() {
        assert_eq!(
            written("fn f() -> u8 { g() }", &[(Genre::Body, "g()", "0"), (Genre::Body, "g()", "1")], &[]),
            "fn f() -> u8 {match at(&[1, 2]) { 0 => {} 1 => return 0, _ => return 1, } g() }"
        );
    }

    #[test]
    fn an_iterator_is_one_of_several() {
        let source = "fn f() -> impl Iterator<Item = u8> + '_ { g() }";
        assert_eq!(
            written(source, &[(Genre::Body, "g()", "a()"), (Genre::Body, "g()", "b()")], &[]),
            "fn f() -> impl Iterator<Item = u8> + '_ {match at(&[1, 2]) { 0 => Either::Own(Either::Own({ g() })), \
             1 => Either::Own(Either::Other(items::<u8, _>(a()))), _ => Either::Other(items::<u8, _>(b())), }}"
        );
    }

    #[test]
    fn a_chain_of_operators_is_one_text_with_each_mutant_in_it() {
        // As text, the second is `a || (b && !c)`.
        let source = "fn f() -> bool { a && b && !c }";
        assert_eq!(
            written(source, &[(Genre::Unary, "!", ""), (Genre::Binary, "&&", "||")], &[]),
            "fn f() -> bool { (match at(&[2]) { 0 => (a && b && (match at(&[1]) { 0 => (!c ), _ => (c ), }) ), \
             _ => (a || b && !c ), }) }"
        );
    }

    #[test]
    fn between_lets_each_condition_is_its_own() {
        let source = "fn f() { if a == b && let Some(c) = d { g() } }";
        let of = [(Genre::Binary, "==", "!="), (Genre::Binary, "&&", "||")];
        assert_eq!(
            written(source, &of, &[]),
            "fn f() { if (match at(&[1]) { 0 => (a == b ), _ => (a != b ), }) && let Some(c) = d { g() } }"
        );
        let mutants = mutants(source, &of);
        let switched = switched(source, &mutants.iter().collect::<Vec<_>>(), &BTreeSet::new()).unwrap();
        assert_eq!(switched.unviable, [2]);
    }

    #[test]
    fn an_arm_goes_by_its_guard() {
        let source = "fn f() { match a { 1 => b(), 2 if c => d(), _ => {} } }";
        let arms = [(Genre::Arm, "1 => b(),", ""), (Genre::Arm, "2 if c => d(),", "")];
        assert_eq!(
            written(source, &arms, &[]),
            "fn f() { match a { 1 if at(&[1]) == 0 => b(), 2 if at(&[2]) == 0 && (c) => d(), _ => {} } }"
        );
    }

    #[test]
    fn what_must_stay_constant_is_baked() {
        let source = "const fn f() -> u8 { 1 + 2 } const fn g() -> u8 { 3 + 4 } const H: u8 = 5 + 6;";
        let of = |old| (Genre::Binary, old, "-");
        let mut mutants = mutants(source, &[of("+"), of("+"), of("+")]);
        for (mutant, text) in mutants.iter_mut().zip(["1 + 2", "3 + 4", "5 + 6"]) {
            let start = source.find(text).unwrap() + 2;
            mutant.span = start..start + 1;
        }
        let constant = BTreeSet::from(["g".to_owned()]);
        let switched = switched(source, &mutants.iter().collect::<Vec<_>>(), &constant).unwrap();
        assert_eq!(switched.baked, [2, 3]);
        let text = switched.text;
        assert!(text.starts_with(" fn f()") && text.contains("const fn g()"), "{text}");
        assert!(text.contains("::at(&[1])") && text.contains("::baked(&[2])") && text.contains("::baked(&[3])"));
    }

    #[test]
    fn the_lines_of_each_mutant_are_known() {
        let source = "fn f() -> bool { a == b }";
        let mutants = mutants(source, &[(Genre::Binary, "==", "!=")]);
        let text = switched(source, &mutants.iter().collect::<Vec<_>>(), &BTreeSet::new()).unwrap().text;
        let [(1, lines)] = &marked_lines(&text)[..] else { panic!("{text}") };
        let marked: Vec<&str> = text.lines().skip(lines.start - 1).take(lines.len()).collect();
        assert!(marked.iter().any(|line| line.contains("a != b")), "{marked:?}");
        assert!(!marked.iter().any(|line| line.contains("a == b")), "{marked:?}");
    }

    #[test]
    fn a_mutant_whose_place_is_lost_is_an_error() {
        let source = "fn f() -> bool { a == b }";
        let mutants = mutants(source, &[(Genre::Binary, "a", "!=")]);
        assert!(switched(source, &mutants.iter().collect::<Vec<_>>(), &BTreeSet::new()).is_err());
    }
}
