//! A small and strict checker of JSON schemas, for the tests of whoever writes a file that has one.
#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::Value;

/// Where `value` breaks `schema`, if it does. Knows the keywords our schemas use, and fails on any other.
pub(crate) fn violation(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    for (keyword, rule) in schema.as_object().unwrap() {
        let broken = match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => None,
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                violation(root, &root["$defs"][name], value, at)
            }
            "oneOf" => {
                let holds = |schema: &&Value| violation(root, schema, value, at).is_none();
                (rule.as_array().unwrap().iter().filter(holds).count() != 1)
                    .then(|| format!("{at}: not one of them"))
            }
            "const" => (rule != value).then(|| format!("{at}: not {rule}")),
            "enum" => (!rule.as_array().unwrap().contains(value)).then(|| format!("{at}: not in {rule}")),
            "minimum" => value
                .as_f64()
                .filter(|&n| n < rule.as_f64().unwrap())
                .map(|n| format!("{at}: {n} is too small")),
            "type" => (!has_type(rule, value)).then(|| format!("{at}: {value} is no {rule}")),
            "required" => missing(rule, value).map(|name| format!("{at}: {name} is missing")),
            "items" => each(value.as_array().into_iter().flatten().enumerate(), |(index, item)| {
                violation(root, rule, item, &format!("{at}[{index}]"))
            }),
            "properties" => each(value.as_object().into_iter().flatten(), |(name, item)| {
                violation(root, rule.get(name)?, item, &format!("{at}.{name}"))
            }),
            "additionalProperties" => each(value.as_object().into_iter().flatten(), |(name, item)| {
                match schema["properties"].get(name) {
                    Some(_) => None,
                    None if rule.is_object() => violation(root, rule, item, &format!("{at}.{name}")),
                    None => Some(format!("{at}.{name} is unknown")),
                }
            }),
            other => panic!("the checker does not know `{other}`"),
        };
        if broken.is_some() {
            return broken;
        }
    }
    None
}

fn each<T>(mut items: impl Iterator<Item = T>, check: impl FnMut(T) -> Option<String>) -> Option<String> {
    items.find_map(check)
}

fn missing<'a>(names: &'a Value, value: &Value) -> Option<&'a str> {
    let object = value.as_object()?;
    names
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .find(|&name| !object.contains_key(name))
}

fn has_type(rule: &Value, value: &Value) -> bool {
    match rule {
        Value::Array(rules) => rules.iter().any(|rule| has_type(rule, value)),
        rule => match rule.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            "number" => value.is_number(),
            "integer" => value.is_u64() || value.is_i64(),
            other => panic!("the checker does not know type `{other}`"),
        },
    }
}
