//! Listings of a few functions that have run. Versions in caches differ from run to run and are replaced by `v`.

mod support;

use support::dump;
use whipsnake_bytecode::Decoder;

const SOURCE: &str = r#"
class Point:
    def __init__(self, x):
        self.x = x

    def double(self):
        return self.x * 2


def loop(points):
    total = 0
    for p in points:
        if p.x > 2:
            continue
        total += p.double()
    return total


def search(text, parts):
    while parts:
        part = parts.pop()
        try:
            return text.index(part)
        except ValueError as error:
            last = error
    return None


def resource(path, opener):
    with opener(path) as file:
        yield file
        yield from range(3)


def nested(rows):
    row = 3
    return [row * 2 for row in rows if row is not None], row


async def fetch(client, first, *rest):
    def key():
        return first

    return await client.get(key(), rest)


class Manager:
    def __enter__(self):
        return 1

    def __exit__(self, *args):
        return None


def main():
    points = [Point(i % 4) for i in range(20)]
    for _ in range(20):
        loop(points)
        search("abc", ["c", "z"])
        list(resource("p", lambda path: Manager()))
        nested([1, 2, None])
"#;

/// Replaces the number after each of the words, in caches.
fn without_versions(listing: &str) -> String {
    let mut out = Vec::new();
    for line in listing.lines() {
        let mut line = line.to_owned();
        for word in ["type ", "keys ", "[version ", "[index "] {
            let mut from = line.find("  [").unwrap_or(line.len());
            while let Some(found) = line[from..].find(word) {
                let start = from + found + word.len();
                let digits = line[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(line.len() - start);
                if digits > 0 {
                    line.replace_range(start..start + digits, "v");
                }
                from = start;
            }
        }
        out.push(line);
    }
    out.join("\n")
}

#[test]
fn listings() {
    let mut decoder = Decoder::new();
    let mut names = Vec::new();
    for dumped in dump(&[SOURCE]) {
        let code = decoder.analyse(dumped.input()).unwrap();
        let listing = without_versions(&code.listing().to_string());
        insta::assert_snapshot!(dumped.name.clone(), listing);
        names.push(dumped.name);
    }
    assert_eq!(names, ["loop", "search", "resource", "nested", "fetch"]);
}
