//! What an expression is told besides the page: variables and prefixes. All that it names is looked for before it is
//! answered, so that nothing is found where something is missing.

use dragline_query::xpath::{NAMESPACES, Needs, function};
use xpath_eval::FunctionCall;

use super::budget::{Answer, Halt};
use super::document::Document;
use super::item_of;
use super::value::Value;
use crate::page::given::{Given, Variable};

pub(super) struct Known<'a> {
    variables: Vec<(&'a str, Value<'a>)>,
    namespaces: Vec<(&'a str, &'a str)>,
    /// Whether a name without a prefix is one of any namespace.
    pub(super) any_namespace: bool,
}

impl<'a> Known<'a> {
    /// Those that were given, and the prefixes that the document's element declares.
    pub(super) fn new(document: &Document<'a>, given: &'a Given<'_>, needs: &Needs) -> Result<Self, String> {
        let mut namespaces: Vec<(&str, &str)> =
            given.namespaces.iter().map(|(prefix, uri)| (&**prefix, &**uri)).collect();
        if let Some(element) = document.element().filter(|_| document.is_xml) {
            namespaces.extend(document.declares(element).filter(|(prefix, _)| !prefix.is_empty()));
        }
        namespaces.push(("xml", "http://www.w3.org/XML/1998/namespace"));
        let mut known = Self { variables: Vec::new(), namespaces, any_namespace: given.any_namespace };
        for (name, variable) in &given.variables {
            known.variables.push((name, value_of(document, variable)));
        }
        known.must_have(needs)?;
        Ok(known)
    }

    fn must_have(&self, needs: &Needs) -> Result<(), String> {
        if let Some(prefix) = needs.prefixes.iter().find(|prefix| self.namespace(prefix).is_none()) {
            return Err(self.undeclared(prefix));
        }
        for (prefix, name) in &needs.functions {
            let well_known = self.well_known(prefix).ok_or_else(|| self.undeclared(prefix))?;
            function(Some(well_known), name).ok_or_else(|| format!("there is no function `{prefix}:{name}()`"))?;
        }
        let known = |name: &str| self.variables.iter().any(|(known, _)| *known == name);
        match needs.variables.iter().find(|name| !known(name)) {
            Some(name) => {
                let set = listed(self.variables.iter().map(|(name, _)| *name));
                Err(format!("`${name}` is not set ({set}); say what it is: `.with(\"{name}\", …)`"))
            }
            None => Ok(()),
        }
    }

    fn undeclared(&self, prefix: &str) -> String {
        let declared = listed(self.namespaces.iter().map(|(prefix, _)| *prefix));
        format!(
            "the prefix `{prefix}` is not declared ({declared}); say what it stands for: `.namespace(\"{prefix}\", \
             \"http://…\")`"
        )
    }

    pub(super) fn namespace(&self, prefix: &str) -> Option<&'a str> {
        self.namespaces.iter().find(|(known, _)| *known == prefix).map(|(_, uri)| *uri)
    }

    pub(super) fn variable(&self, name: &str) -> Answer<Value<'a>> {
        let value = self.variables.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        value.ok_or_else(|| Halt::Told(format!("`${name}` is not set")))
    }

    /// The prefix by which a function is known here, whatever the expression calls it.
    pub(super) fn function_prefix(&self, prefix: &str, call: &FunctionCall) -> Result<&'static str, String> {
        let well_known = self.well_known(prefix).ok_or_else(|| self.undeclared(prefix))?;
        match function(Some(well_known), &call.name.local) {
            Some(function) => function.takes(&call.args).map(|()| well_known),
            None => Err(format!("there is no function `{prefix}:{}()`", call.name.local)),
        }
    }

    fn well_known(&self, prefix: &str) -> Option<&'static str> {
        let given = self.namespace(prefix);
        let of_uri = |uri| NAMESPACES.iter().find(|(_, known)| *known == uri);
        let own = NAMESPACES.iter().find(|(known, _)| *known == prefix);
        given.and_then(of_uri).or(own).map(|(known, _)| *known)
    }
}

fn value_of<'a>(document: &Document<'a>, variable: &'a Variable<'_>) -> Value<'a> {
    match variable {
        Variable::Text(text) => Value::Text(text.as_str().into()),
        Variable::Number(number) => Value::Number(*number),
        Variable::Truth(truth) => Value::Truth(*truth),
        Variable::Nodes(nodes) => {
            let mut items: Vec<_> = nodes.iter().filter_map(|node| item_of(document, node)).collect();
            items.sort_unstable();
            items.dedup();
            Value::Nodes(items)
        }
    }
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "there are none".to_owned() } else { format!("there are {}", names.join(", ")) }
}
