//! What a tag's name means to the tree builder of browsers, as far as it moves or copies links.

/// The longest name that is looked up.
const LONGEST: usize = 13;

/// Elements by what their tags do to those around them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    A,
    Area,
    Meta,
    Link,
    Title,
    /// Nothing is ever in it.
    Empty,
    Rule,
    /// Text without tags, as it stands.
    Raw,
    Script,
    /// Its content is a part of the page: no scripts run.
    Noscript,
    /// Text without tags, with references.
    Escapable,
    Xmp,
    /// Changes the rules for all that follows.
    Odd,
    /// `html`, `head`, `body`: whatever comes with them comes once.
    Document,
    Select,
    Option,
    Foreign,
    Table,
    Section,
    Row,
    Cell,
    Caption,
    Column,
    Button,
    /// What formatting does not reach into.
    Object,
    P,
    /// Ends a paragraph.
    Block,
    /// Ends a paragraph, and holds items.
    List,
    Item,
    Heading,
    /// `pre`, `listing`: a block that loses its first line end.
    Verbatim,
    Form,
    Nobr,
    /// Ends with the next of its kind.
    Ruby,
    Other,
}

impl Kind {
    pub(super) fn of(name: &str) -> Self {
        let mut lower = [0; LONGEST];
        let Some(lower) = lower.get_mut(..name.len()) else { return Self::Other };
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        match &*lower {
            b"a" => Self::A,
            b"area" => Self::Area,
            b"meta" => Self::Meta,
            b"link" => Self::Link,
            b"title" => Self::Title,
            b"base" | b"basefont" | b"bgsound" | b"br" | b"embed" | b"frame" | b"image" | b"img" | b"input"
            | b"keygen" | b"param" | b"source" | b"track" | b"wbr" => Self::Empty,
            b"hr" => Self::Rule,
            b"iframe" | b"noembed" | b"noframes" | b"style" => Self::Raw,
            b"noscript" => Self::Noscript,
            b"script" => Self::Script,
            b"textarea" => Self::Escapable,
            b"xmp" => Self::Xmp,
            b"frameset" | b"isindex" | b"plaintext" | b"template" => Self::Odd,
            b"html" | b"head" | b"body" => Self::Document,
            b"select" => Self::Select,
            b"option" | b"optgroup" => Self::Option,
            b"svg" | b"math" => Self::Foreign,
            b"table" => Self::Table,
            b"tbody" | b"thead" | b"tfoot" => Self::Section,
            b"tr" => Self::Row,
            b"td" | b"th" => Self::Cell,
            b"caption" => Self::Caption,
            b"col" | b"colgroup" => Self::Column,
            b"button" => Self::Button,
            b"applet" | b"marquee" | b"object" => Self::Object,
            b"p" => Self::P,
            b"address" | b"article" | b"aside" | b"blockquote" | b"center" | b"details" | b"dialog" | b"dir"
            | b"div" | b"fieldset" | b"figcaption" | b"figure" | b"footer" | b"header" | b"hgroup" | b"main"
            | b"nav" | b"search" | b"section" | b"summary" => Self::Block,
            b"dl" | b"menu" | b"ol" | b"ul" => Self::List,
            b"dd" | b"dt" | b"li" => Self::Item,
            b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" => Self::Heading,
            b"listing" | b"pre" => Self::Verbatim,
            b"form" => Self::Form,
            b"nobr" => Self::Nobr,
            b"rb" | b"rp" | b"rt" | b"rtc" => Self::Ruby,
            _ => Self::Other,
        }
    }

    /// Whether its start tag ends an open paragraph.
    pub(super) fn ends_paragraph(self) -> bool {
        use Kind::{Block, Form, Heading, Item, List, P, Rule, Table, Verbatim, Xmp};
        matches!(self, P | Block | List | Item | Heading | Verbatim | Form | Rule | Xmp | Table)
    }

    /// Whether it would not stay in a table that it stands in, and in none of its cells.
    pub(super) fn is_moved_by_tables(self) -> bool {
        use Kind::{A, Area, Button, Foreign, Link, Meta, Object, Select, Title};
        matches!(self, A | Area | Meta | Link | Title | Foreign | Select | Button | Object)
    }

    /// Whether its end tag, where it comes alone, ends nothing.
    pub(super) fn is_never_open(self) -> bool {
        use Kind::{Area, Column, Document, Empty, Escapable, Foreign, Link, Meta, Odd, Raw, Rule, Script, Select};
        let is_empty = matches!(self, Area | Meta | Link | Empty | Rule);
        let is_raw = matches!(self, Self::Title | Escapable | Raw | Script | Self::Xmp);
        is_empty || is_raw || matches!(self, Column | Document | Foreign | Odd | Select)
    }

    /// Whether it is *special*: formatting that ends within it is copied into it.
    pub(super) fn is_special(self) -> bool {
        self.ends_paragraph() || matches!(self, Self::Button | Self::Object | Self::Noscript)
    }
}

/// Whether a name's start tag leads out of SVG and MathML (section 13.2.6.5).
pub(super) fn leaves_foreign(name: &str) -> bool {
    const NAMES: &str = " b big blockquote body br center code dd div dl dt em embed font h1 h2 h3 h4 h5 h6 head hr i \
                         img li listing menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul \
                         var ";
    is_in(name, NAMES)
}

/// Whether what stands in such an element of SVG or MathML is HTML again, or may be.
pub(super) fn holds_html(name: &str) -> bool {
    is_in(name, " annotation-xml desc foreignobject mi mn mo ms mtext title ")
}

/// Whether a name stands in a list, each name between spaces.
fn is_in(name: &str, names: &str) -> bool {
    names.split(' ').any(|known| known.eq_ignore_ascii_case(name) && !known.is_empty())
}
