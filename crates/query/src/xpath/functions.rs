//! The functions that there are: XPath 1.0, section 4; `has-class` of parsel; and of EXSLT (exslt.github.io) what lxml has.

/// A function, as much as can be known of it without a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// One of [`NAMESPACES`], or none.
    pub prefix: Option<&'static str>,
    /// Its name.
    pub name: &'static str,
    /// The fewest arguments.
    pub least: usize,
    /// The most arguments.
    pub most: usize,
    /// What it takes: those before this number must be nodes.
    pub nodes: usize,
    /// What it gives.
    pub gives: Gives,
}

/// What kind of value something gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// Nodes, in document order.
    Nodes,
    /// A text.
    Text,
    /// A number.
    Number,
    /// A truth value.
    Truth,
}

/// The prefixes of functions that need no declaration, and what they stand for.
pub const NAMESPACES: [(&str, &str); 4] = [
    ("re", "http://exslt.org/regular-expressions"),
    ("set", "http://exslt.org/sets"),
    ("str", "http://exslt.org/strings"),
    ("math", "http://exslt.org/math"),
];

/// The function of a name, if there is one.
#[must_use]
pub fn function(prefix: Option<&str>, name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name && function.prefix == prefix)
}

const ANY: usize = usize::MAX;

const fn core(name: &'static str, least: usize, most: usize, nodes: usize, gives: Gives) -> Function {
    Function { prefix: None, name, least, most, nodes, gives }
}

const fn exslt(
    prefix: &'static str,
    name: &'static str,
    least: usize,
    most: usize,
    nodes: usize,
    gives: Gives,
) -> Function {
    Function { prefix: Some(prefix), name, least, most, nodes, gives }
}

pub(super) const FUNCTIONS: [Function; 46] = [
    core("last", 0, 0, 0, Gives::Number),
    core("position", 0, 0, 0, Gives::Number),
    core("count", 1, 1, 1, Gives::Number),
    core("id", 1, 1, 0, Gives::Nodes),
    core("local-name", 0, 1, 1, Gives::Text),
    core("namespace-uri", 0, 1, 1, Gives::Text),
    core("name", 0, 1, 1, Gives::Text),
    core("string", 0, 1, 0, Gives::Text),
    core("concat", 2, ANY, 0, Gives::Text),
    core("starts-with", 2, 2, 0, Gives::Truth),
    core("contains", 2, 2, 0, Gives::Truth),
    core("substring-before", 2, 2, 0, Gives::Text),
    core("substring-after", 2, 2, 0, Gives::Text),
    core("substring", 2, 3, 0, Gives::Text),
    core("string-length", 0, 1, 0, Gives::Number),
    core("normalize-space", 0, 1, 0, Gives::Text),
    core("translate", 3, 3, 0, Gives::Text),
    core("boolean", 1, 1, 0, Gives::Truth),
    core("not", 1, 1, 0, Gives::Truth),
    core("true", 0, 0, 0, Gives::Truth),
    core("false", 0, 0, 0, Gives::Truth),
    core("lang", 1, 1, 0, Gives::Truth),
    core("number", 0, 1, 0, Gives::Number),
    core("sum", 1, 1, 1, Gives::Number),
    core("floor", 1, 1, 0, Gives::Number),
    core("ceiling", 1, 1, 0, Gives::Number),
    core("round", 1, 1, 0, Gives::Number),
    core("has-class", 1, ANY, 0, Gives::Truth),
    exslt("re", "match", 2, 3, 0, Gives::Nodes),
    exslt("re", "replace", 4, 4, 0, Gives::Text),
    exslt("re", "test", 2, 3, 0, Gives::Truth),
    exslt("set", "difference", 2, 2, 2, Gives::Nodes),
    exslt("set", "distinct", 1, 1, 1, Gives::Nodes),
    exslt("set", "has-same-node", 2, 2, 2, Gives::Truth),
    exslt("set", "intersection", 2, 2, 2, Gives::Nodes),
    exslt("set", "leading", 2, 2, 2, Gives::Nodes),
    exslt("set", "trailing", 2, 2, 2, Gives::Nodes),
    exslt("str", "align", 2, 3, 0, Gives::Text),
    exslt("str", "concat", 1, 1, 1, Gives::Text),
    exslt("str", "padding", 1, 2, 0, Gives::Text),
    exslt("str", "split", 1, 2, 0, Gives::Nodes),
    exslt("str", "tokenize", 1, 2, 0, Gives::Nodes),
    exslt("math", "highest", 1, 1, 1, Gives::Nodes),
    exslt("math", "lowest", 1, 1, 1, Gives::Nodes),
    exslt("math", "max", 1, 1, 1, Gives::Number),
    exslt("math", "min", 1, 1, 1, Gives::Number),
];

/// What is said of functions that newer XPaths and people's habits have.
pub(super) const ELSEWHERE: [(&str, &str); 10] = [
    ("matches", "re:test(…, 'PATTERN')"),
    ("replace", "re:replace(…, 'PATTERN', 'g', '…')"),
    ("ends-with", "re:test(…, 'END$')"),
    ("tokenize", "str:tokenize(…, 'SEPARATORS')"),
    ("lower-case", "translate(…, 'ABC…', 'abc…')"),
    ("upper-case", "translate(…, 'abc…', 'ABC…')"),
    ("exists", "boolean(…)"),
    ("empty", "not(…)"),
    ("max", "math:max(…)"),
    ("min", "math:min(…)"),
];
