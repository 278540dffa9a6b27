//! `derive(Item)`: kind, fields, and the shape of each.

mod options;
mod serialised;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use serde_json::{Map, Value};
use syn::spanned::Spanned;
use syn::{Data, DataEnum, DeriveInput, Error, Field, Fields, Generics, Ident, LitStr, Result, parse_quote};

use self::options::{Options, Schema};
use self::serialised::{Container, Serialised};
use crate::names::snake;

/// The implementations; where they cannot be, why not, and ones that keep the compiler from saying more than that.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    expand(input).unwrap_or_else(|error| {
        let error = error.to_compile_error();
        let name = &input.ident;
        let (implementing, types, bounds) = input.generics.split_for_impl();
        quote! {
            #error
            #[automatically_derived]
            impl #implementing ::dragline::message::Item for #name #types #bounds {
                const KIND: &'static str = "";
            }
            #[automatically_derived]
            impl #implementing ::dragline::message::Shape for #name #types #bounds {
                fn schema() -> ::dragline::message::shape::Value {
                    ::core::unreachable!()
                }
            }
        }
    })
}

fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let container = Container::of(&input.attrs)?;
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => {
                let kind = options::kind(&input.attrs)?.unwrap_or_else(|| snake(&name_of(&input.ident)));
                let mut wrong: Option<Error> = None;
                let mut plans = Vec::new();
                for field in &fields.named {
                    match plan(field, &container) {
                        Ok(plan) => plans.extend(plan),
                        Err(error) => combine(&mut wrong, error),
                    }
                }
                wrong.map_or_else(|| Ok(item(input, &kind, &plans)), Err)
            }
            other => Err(Error::new(
                if other.is_empty() { input.ident.span() } else { other.span() },
                "an item is a struct with named fields: feeds and pipelines know its fields by their names",
            )),
        },
        Data::Enum(data) => variants(input, data, &container),
        Data::Union(data) => Err(Error::new(data.union_token.span, "an item is a struct with named fields")),
    }
}

/// Keeps all errors, so that they are seen at once.
pub(crate) fn combine(all: &mut Option<Error>, error: Error) {
    match all {
        Some(all) => all.combine(error),
        None => *all = Some(error),
    }
}

pub(crate) fn name_of(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

/// A field of the item, as tokens.
struct Plan {
    field: TokenStream,
}

fn plan(field: &Field, container: &Container) -> Result<Option<Plan>> {
    let serialised = Serialised::of(&field.attrs)?;
    let options = Options::of(&field.attrs)?;
    let Some(ident) = &field.ident else { return Ok(None) };
    if serialised.skipped {
        return Ok(None);
    }
    let plain = name_of(ident);
    let name = serialised.name.unwrap_or_else(|| container.case.map_or(plain.clone(), |case| case.field(&plain)));
    let kind = &field.ty;
    let may_miss = serialised.may_miss;
    // how another function writes a value is not known
    let by_type = options.schema.is_none() && !serialised.by_function;
    let schema = match options.schema {
        Some(Schema::Given(schema)) => quote!(::dragline::message::shape::given(#schema)),
        _ if !by_type => quote!(::dragline::message::shape::given("{}")),
        _ => quote_spanned!(kind.span()=> <#kind as ::dragline::message::Shape>::schema()),
    };
    let required = if by_type {
        quote_spanned!(kind.span()=> <#kind as ::dragline::message::Shape>::REQUIRED)
    } else {
        let optional = is_option(kind);
        quote!(!#optional)
    };
    let mut keywords = options.keywords;
    if let Some(description) = description(&field.attrs) {
        keywords.insert("description".to_owned(), Value::String(description));
    }
    let schema = refined(&schema, &keywords);
    Ok(Some(Plan {
        field: quote! {
            ::dragline::message::Field { name: #name, required: #required && !#may_miss, schema: || #schema }
        },
    }))
}

fn refined(schema: &TokenStream, keywords: &Map<String, Value>) -> TokenStream {
    if keywords.is_empty() {
        return schema.clone();
    }
    let keywords = Value::Object(keywords.clone()).to_string();
    quote!(::dragline::message::shape::refine(#schema, #keywords))
}

fn is_option(kind: &syn::Type) -> bool {
    matches!(kind, syn::Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

fn item(input: &DeriveInput, kind: &str, plans: &[Plan]) -> TokenStream {
    let name = &input.ident;
    let fields = plans.iter().map(|plan| &plan.field);
    let item = bounded(&input.generics, &parse_quote!(::dragline::message::Shape), Some(name));
    let (implementing, types, bounds) = item.split_for_impl();
    let shape = bounded(&input.generics, &parse_quote!(::dragline::message::Shape), None);
    let (shaping, _, shape_bounds) = shape.split_for_impl();
    let described = description(&input.attrs)
        .map(|text| Map::from_iter([("description".to_owned(), Value::String(text))]))
        .unwrap_or_default();
    let fields: Vec<_> = fields.collect();
    let shaped = refined(
        &quote!(::dragline::message::shape::of_fields(::core::any::type_name::<Self>(), &[#(#fields),*])),
        &described,
    );
    quote! {
        #[automatically_derived]
        impl #implementing ::dragline::message::Item for #name #types #bounds {
            const KIND: &'static str = #kind;
            const FIELDS: &'static [::dragline::message::Field] = &[#(#fields),*];
        }
        #[automatically_derived]
        impl #shaping ::dragline::message::Shape for #name #types #shape_bounds {
            fn schema() -> ::dragline::message::shape::Value {
                #shaped
            }
        }
    }
}

/// The type's parameters, each with a bound; and, of an item, that it serialises.
fn bounded(generics: &Generics, bound: &syn::TypeParamBound, item: Option<&Ident>) -> Generics {
    let mut bounded = generics.clone();
    let mut any = false;
    for parameter in bounded.type_params_mut() {
        parameter.bounds.push(bound.clone());
        any = true;
    }
    if let (Some(_), true) = (item, any) {
        // with the bound written out, for the engine alone knows which serde it is of
        bounded.make_where_clause().predicates.push(parse_quote!(Self: ::dragline::message::shape::Serialize));
    }
    bounded
}

/// An enum is what a field may be, and no item.
fn variants(input: &DeriveInput, data: &DataEnum, container: &Container) -> Result<TokenStream> {
    let mut words = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new(
                variant.fields.span(),
                "a variant of an enum in an item is a plain word; say `#[item(any)]` or `#[item(schema = …)]` at the field instead",
            ));
        }
        let serialised = Serialised::of(&variant.attrs)?;
        if serialised.skipped {
            continue;
        }
        let plain = name_of(&variant.ident);
        words
            .push(serialised.name.unwrap_or_else(|| container.case.map_or(plain.clone(), |case| case.variant(&plain))));
    }
    let mut schema = Map::new();
    schema.insert("type".to_owned(), Value::from("string"));
    schema.insert("enum".to_owned(), words.into_iter().collect());
    if let Some(description) = description(&input.attrs) {
        schema.insert("description".to_owned(), Value::String(description));
    }
    let schema = Value::Object(schema).to_string();
    let name = &input.ident;
    let (implementing, types, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #implementing ::dragline::message::Shape for #name #types #bounds {
            fn schema() -> ::dragline::message::shape::Value {
                ::dragline::message::shape::given(#schema)
            }
        }
    })
}

/// The doc comment, its lines as one text.
fn description(attributes: &[syn::Attribute]) -> Option<String> {
    let lines = attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).filter_map(|attribute| {
        let value = &attribute.meta.require_name_value().ok()?.value;
        let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = value else { return None };
        Some(LitStr::value(text).trim().to_owned())
    });
    let text = lines.collect::<Vec<_>>().join("\n").trim().to_owned();
    (!text.is_empty()).then_some(text)
}
