//! Namespaces: what the prefixes of names stand for (Namespaces in XML 1.0).

use html5ever::{Attribute, LocalName, Namespace, Prefix, QualName, ns};

use super::references;
use super::tag::StartTag;

/// The declarations around a place, the nearest last: prefix (empty for the default) and namespace.
#[derive(Debug, Default)]
pub(super) struct Scope<'a> {
    declared: Vec<(&'a str, Namespace)>,
}

impl<'a> Scope<'a> {
    pub(super) fn len(&self) -> usize {
        self.declared.len()
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.declared.truncate(length);
    }

    /// Takes the declarations among attributes.
    pub(super) fn declare(&mut self, attributes: &[(&'a str, &'a str)]) {
        for (name, value) in attributes {
            let prefix = match split(name) {
                None if *name == "xmlns" => Some(""),
                Some(("xmlns", prefix)) => Some(prefix),
                _ => None,
            };
            if let Some(prefix) = prefix {
                self.declared.push((prefix, Namespace::from(&*references::in_attribute(value))));
            }
        }
    }

    /// An element's name and attributes, their prefixes resolved. A prefix that nobody has declared is a part of its name.
    pub(super) fn resolve(&self, tag: &StartTag<'a>) -> (QualName, Vec<Attribute>) {
        let attributes = tag.attributes.iter().map(|(name, value)| Attribute {
            name: self.attribute(name),
            value: (&*references::in_attribute(value)).into(),
        });
        let name = match split(tag.name) {
            Some((prefix, local)) => self.prefixed(prefix, local),
            None => None,
        };
        let plain = || {
            let default = self.of("").filter(|_| split(tag.name).is_none());
            QualName::new(None, default.unwrap_or(ns!()), LocalName::from(tag.name))
        };
        (name.unwrap_or_else(plain), attributes.collect())
    }

    fn attribute(&self, name: &str) -> QualName {
        let plain = |ns| QualName::new(None, ns, LocalName::from(name));
        match split(name) {
            // the default namespace is not for attributes
            None if name == "xmlns" => plain(ns!(xmlns)),
            None => plain(ns!()),
            Some(("xmlns", local)) => QualName::new(Some(Prefix::from("xmlns")), ns!(xmlns), LocalName::from(local)),
            Some((prefix, local)) => self.prefixed(prefix, local).unwrap_or_else(|| plain(ns!())),
        }
    }

    fn prefixed(&self, prefix: &str, local: &str) -> Option<QualName> {
        let namespace = if prefix == "xml" { Some(ns!(xml)) } else { self.of(prefix) };
        Some(QualName::new(Some(Prefix::from(prefix)), namespace?, LocalName::from(local)))
    }

    fn of(&self, prefix: &str) -> Option<Namespace> {
        let (_, namespace) = self.declared.iter().rev().find(|(known, _)| *known == prefix)?;
        Some(namespace.clone()).filter(|namespace| !namespace.is_empty())
    }
}

/// Prefix and local name, if there are both.
fn split(name: &str) -> Option<(&str, &str)> {
    name.split_once(':').filter(|(prefix, local)| !prefix.is_empty() && !local.is_empty())
}
