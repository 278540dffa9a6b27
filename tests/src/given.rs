//! A spider whose items are what its page says: JSON, a list of objects. For tests of pipelines.

use dragline::prelude::*;
use serde_json::{Map, Value};

/// The page with the items.
#[derive(Deserialize)]
pub(crate) struct Given {
    url: Url,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Step {
    Items,
}

/// An item with whatever fields its page gives it.
#[derive(Serialize)]
#[serde(transparent)]
struct Thing(Map<String, Value>);

impl Item for Thing {
    const KIND: &'static str = "thing";
}

impl Spider for Given {
    const NAME: &'static str = "given";
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        let mut request = Request::get(self.url.clone());
        request.options_mut().jar = self.url.query().map(Into::into);
        out.follow(request, Step::Items);
    }

    fn parse(&self, Step::Items: Step, page: &Page, out: &mut Output<Self>) -> Result<()> {
        let things: Vec<Map<String, Value>> = serde_json::from_str(page.text())?;
        for thing in things {
            out.item(Thing(thing));
        }
        Ok(())
    }
}
