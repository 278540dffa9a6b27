//! The JMESPath compliance suite.

use dragline::page::query::JmesPath;
use serde_json::Value;

use super::check;

#[test]
fn expressions_find_what_the_compliance_suite_says() {
    check("jmespath.jsonl", |case| {
        let text = case["expression"].as_str().expect("an expression");
        let path = JmesPath::parse(text).map_err(|error| error.to_string());
        let found = path.and_then(|path| {
            let found = path.search(&case["given"]).map_err(|error| error.to_string())?;
            Ok(found.into_value())
        });
        match (found, case["want"]["error"].as_str().filter(|_| case["want"].as_object().is_some_and(|w| w.len() == 1)))
        {
            (Err(_), Some(_)) => Ok(()),
            (Ok(found), None) if is_like(&found, &case["want"]) => Ok(()),
            (found, _) => Err(format!("{found:?}")),
        }
    });
}

/// Equal, numbers up to the last digits: `0.71` is what Python's sum gives.
fn is_like(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            (a - b).abs() <= a.abs().max(b.abs()) * 1e-12
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_like(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| is_like(a, b)))
        }
        (a, b) => a == b,
    }
}
