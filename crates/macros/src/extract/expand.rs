//! A field as code.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use super::field::{Default, Field, Place};
use super::kind::Often;
use super::source::{Language, Source};
use super::steps::{Parsing, Step};

/// `title: { … }`
pub(super) fn field(field: &Field<'_>, of: &str) -> TokenStream {
    let (ident, name) = (field.ident, &field.name);
    let sources = match &field.place {
        Place::Url => return quote!(#ident: __scope.url()),
        Place::Sources(sources) => sources,
    };
    let fallback = field.default.as_ref().map(|default| match default {
        Default::OfType => quote!(::core::default::Default::default()),
        Default::This(expression) => quote!(#expression),
    });
    if let (true, Some(fallback)) = (sources.is_empty(), &fallback) {
        return quote!(#ident: #fallback);
    }
    let statics: Vec<_> = (0..sources.len()).map(|index| format_ident!("__SOURCE_{index}")).collect();
    let builders = sources.iter().map(builder);
    let attempts = sources.iter().zip(&statics).map(|(source, which)| {
        let (all, make) = (needs_all(source, field), make(source, field));
        quote! {
            if __found.is_none() {
                __found = __run::find(&__FIELD, &#which, __scope, #all, |__pieces| #make)?;
            }
        }
    });
    let asks_whether = sources.iter().any(Source::asks_whether);
    let end = match (fallback, field.kind.often) {
        (Some(fallback), _) => quote!(__found.unwrap_or_else(|| #fallback)),
        (None, Often::Perhaps | Often::PerhapsMany) => quote!(__found),
        (None, Often::Many) => quote!(__found.unwrap_or_default()),
        (None, Often::Once) if asks_whether => quote!(__found.unwrap_or_default()),
        (None, Often::Once) => {
            quote!(match __found {
                ::core::option::Option::Some(__value) => __value,
                ::core::option::Option::None => {
                    return ::core::result::Result::Err(__run::missing(&__FIELD, &[#(&#statics),*], __scope));
                }
            })
        }
    };
    quote! {
        #ident: {
            use ::dragline::page::extract::run as __run;
            const __FIELD: __run::Field = __run::Field { name: #name, of: #of };
            #(static #statics: ::std::sync::LazyLock<__run::Source> = ::std::sync::LazyLock::new(|| #builders);)*
            let mut __found = ::core::option::Option::None;
            #(#attempts)*
            #end
        }
    }
}

fn builder(source: &Source) -> TokenStream {
    let mut queries = source.queries.iter();
    let mut built = quote!(__run::Source::here());
    for (language, text) in &mut queries {
        built = match language {
            Language::Css => quote!(__run::Source::css(#text)),
            Language::XPath => quote!(__run::Source::xpath(#text)),
            Language::JmesPath => quote!(#built.jmespath(#text)),
            Language::Re => quote!(#built.re(#text)),
        };
    }
    built
}

/// Whether more than the first of what is there matters.
fn needs_all(source: &Source, field: &Field<'_>) -> bool {
    field.kind.is_many()
        || source.steps.iter().any(|(step, ..)| matches!(step, Step::Last | Step::Join(_) | Step::Map(_)))
}

/// Pieces into the value.
fn make(source: &Source, field: &Field<'_>) -> TokenStream {
    let kind = &field.kind;
    let inner = &kind.inner;
    let many = kind.is_many();
    if source.asks_whether() {
        return quote!({
            let _ = __pieces;
            ::core::result::Result::Ok(::core::option::Option::Some(true))
        });
    }
    if let Some((Step::With(function), ..)) = source.steps.last() {
        let call = called(function, &quote!(__node), &quote!(of_node));
        let way = if many { quote!(each_node) } else { quote!(first_node) };
        let span = function.span();
        return quote_spanned!(span=> __run::#way(__pieces, __scope.page(), |__node| {
            __run::Answer::<#inner>::answer(#call)
        }));
    }
    let span = inner.span();
    let by_text = !source.steps.is_empty() || kind.is_number();
    if !by_text {
        return if many {
            quote_spanned!(span=> __run::each::<#inner, _>(&__pieces, __scope.page()))
        } else if kind.is_json() {
            quote!(__run::whole(__pieces, __scope.page()))
        } else {
            quote_spanned!(span=> __run::first::<#inner>(&__pieces, __scope.page()))
        };
    }
    let steps = source.steps.iter().map(|(step, ..)| text_step(step));
    let reading = match source.steps.first() {
        Some((Step::Raw, ..)) => quote!(Raw),
        Some((Step::Html, ..)) => quote!(Html),
        _ => quote!(Shown),
    };
    let read = match source.steps.last() {
        Some((Step::Parse(parsing), ..)) => parse(parsing, inner),
        _ => quote_spanned!(span=> <#inner as ::dragline::page::Extract>::extract_text(__text, __scope.page())),
    };
    let blank_is_miss = matches!(kind.often, Often::Perhaps) || field.default.is_some();
    let end = if many {
        quote!(__run::each_text(&__texts, |__text| #read))
    } else {
        quote!(__run::first_text(&__texts, #blank_is_miss, |__text| #read))
    };
    quote!({
        let __texts = __run::texts(__pieces, __run::Reading::#reading);
        #(#steps)*
        #end
    })
}

fn text_step(step: &Step) -> TokenStream {
    match step {
        Step::Trim => quote!(let __texts = __run::trim(__texts);),
        Step::First => quote!(let __texts = __run::only_first(__texts);),
        Step::Last => quote!(let __texts = __run::only_last(__texts);),
        Step::Join(between) => quote!(let __texts = __run::join(__texts, #between);),
        Step::Map(function) => {
            let call = called(function, &quote!(__text), &quote!(of_text));
            let span = function.span();
            quote_spanned!(span=> let __texts = __run::map(__texts, |__text| __run::Mapped::mapped(#call))?;)
        }
        Step::Raw | Step::Html | Step::Parse(_) | Step::With(_) | Step::Exists => TokenStream::new(),
    }
}

fn parse(parsing: &Parsing, inner: &syn::Type) -> TokenStream {
    let span = inner.span();
    match parsing {
        Parsing::Plain => quote_spanned!(span=> __run::from_text::<#inner>(__text)),
        Parsing::Named(name) => quote_spanned!(span=> __run::built_in::<#inner>(#name, __text)),
        Parsing::Function(function) => {
            let call = called(function, &quote!(__text), &quote!(of_text));
            let span = function.span();
            quote_spanned!(span=> __run::made::<#inner>(__text, #call))
        }
    }
}

/// A function's call; a closure is told what it takes.
fn called(function: &Expr, argument: &TokenStream, tell: &TokenStream) -> TokenStream {
    let span = function.span();
    match function {
        Expr::Closure(_) => quote_spanned!(span=> (__run::#tell(#function))(#argument)),
        _ => quote_spanned!(span=> (#function)(#argument)),
    }
}
