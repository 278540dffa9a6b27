//! `derive(Extract)`: a struct from what its fields say of a page.

mod expand;
mod field;
mod kind;
mod source;
mod steps;

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, FieldsNamed, Generics, Result, parse_quote};

use self::field::Field;
use crate::item::{combine, name_of};

/// The implementation; where it cannot be, why not, and one that keeps the compiler from saying more than that.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let body = named(input).and_then(|fields| body(input, fields));
    let (error, body) = match body {
        Ok(body) => (None, body),
        Err(error) => (Some(error.to_compile_error()), quote!(::core::unreachable!())),
    };
    let name = &input.ident;
    let generics = bounded(&input.generics);
    let (implementing, types, bounds) = generics.split_for_impl();
    quote! {
        #error
        #[automatically_derived]
        impl #implementing ::dragline::page::Extract for #name #types #bounds {
            fn extract(from: &::dragline::page::Node<'_>) -> ::dragline::Result<Self> {
                <Self as ::dragline::page::Extract>::extract_within(&::dragline::page::extract::run::Scope::new(from))
            }

            fn extract_within(__scope: &::dragline::page::extract::run::Scope<'_, '_>) -> ::dragline::Result<Self> {
                #body
            }
        }
    }
}

fn named(input: &DeriveInput) -> Result<&FieldsNamed> {
    let what = "what is read from a page is a struct with named fields, each of which says where it stands: `#[css(\"h1\")] title: String`";
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(fields),
            Fields::Unit => Err(Error::new(input.ident.span(), what)),
            Fields::Unnamed(fields) => Err(Error::new(fields.span(), what)),
        },
        Data::Enum(data) => Err(Error::new(data.enum_token.span, what)),
        Data::Union(data) => Err(Error::new(data.union_token.span, what)),
    }
}

fn body(input: &DeriveInput, fields: &FieldsNamed) -> Result<TokenStream> {
    let of = name_of(&input.ident);
    let mut wrong: Option<Error> = None;
    let mut parts = Vec::new();
    for field in &fields.named {
        match Field::of(field) {
            Ok(field) => parts.push(expand::field(&field, &of)),
            Err(error) => combine(&mut wrong, error),
        }
    }
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    Ok(quote!(::core::result::Result::Ok(Self { #(#parts),* })))
}

fn bounded(generics: &Generics) -> Generics {
    let mut bounded = generics.clone();
    for parameter in bounded.type_params_mut() {
        parameter.bounds.push(parse_quote!(::dragline::page::Extract));
    }
    bounded
}
