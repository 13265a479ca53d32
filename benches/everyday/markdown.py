"""Markdown to HTML with regular expressions: headings, lists, code, quotes, tables, links, emphasis."""

import re

from checking import checked

FULL, SMALL = 250, 2
EXPECTED = {FULL: (566619, 1000, 4500, 2500, 1500, 3000, 4000), SMALL: (4475, 8, 36, 20, 12, 24, 32)}

HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
ITEM = re.compile(r"^(\s*)([-*+]|\d+\.)\s+(.*)$")
FENCE = re.compile(r"^```(\w*)\s*$")
QUOTE = re.compile(r"^>\s?(.*)$")
ROW = re.compile(r"^\|(.+)\|\s*$")
RULE = re.compile(r"^(-{3,}|\*{3,})$")

CODE_SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)(?:\s+\"([^\"]*)\")?\)")
BOLD = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
ITALIC = re.compile(r"(\*|_)(?=\S)(.+?)(?<=\S)\1")
AUTOLINK = re.compile(r"&lt;(https?://[^\s&]+)&gt;")


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


class Markdown:
    def __init__(self) -> None:
        self.stash: list[str] = []
        self.headings: list[tuple[int, str]] = []

    def keep(self, html: str) -> str:
        """Puts finished HTML aside, so that no later rule touches it."""
        self.stash.append(html)
        return f"\x00{len(self.stash) - 1}\x00"

    def inline(self, text: str) -> str:
        text = CODE_SPAN.sub(lambda match: self.keep(f"<code>{escape(match[1])}</code>"), text)
        text = escape(text)
        text = LINK.sub(self.link, text)
        text = AUTOLINK.sub(lambda match: self.keep(f'<a href="{match[1]}">{match[1]}</a>'), text)
        text = BOLD.sub(r"<strong>\2</strong>", text)
        text = ITALIC.sub(r"<em>\2</em>", text)
        return re.sub("\x00(\\d+)\x00", lambda match: self.stash[int(match[1])], text)

    def link(self, match: re.Match[str]) -> str:
        image, label, address, title = match.groups()
        extra = f' title="{title}"' if title else ""
        if image:
            return self.keep(f'<img src="{address}" alt="{label}"{extra}>')
        return self.keep(f'<a href="{address}"{extra}>') + label + self.keep("</a>")

    def convert(self, text: str) -> str:
        return "\n".join(self.blocks(text.splitlines()))

    def blocks(self, lines: list[str]) -> list[str]:
        output: list[str] = []
        paragraph: list[str] = []
        position = 0

        def flush() -> None:
            if paragraph:
                output.append(f"<p>{self.inline(' '.join(paragraph))}</p>")
                paragraph.clear()

        while position < len(lines):
            line = lines[position]
            position += 1
            if not line.strip():
                flush()
            elif match := HEADING.match(line):
                flush()
                level, title = len(match[1]), match[2]
                self.headings.append((level, title))
                output.append(f'<h{level} id="{slug(title)}">{self.inline(title)}</h{level}>')
            elif match := FENCE.match(line):
                flush()
                code = []
                while position < len(lines) and not FENCE.match(lines[position]):
                    code.append(escape(lines[position]))
                    position += 1
                position += 1
                output.append(f'<pre><code class="{match[1]}">' + "\n".join(code) + "</code></pre>")
            elif RULE.match(line):
                flush()
                output.append("<hr>")
            elif QUOTE.match(line):
                flush()
                position -= 1
                quoted = []
                while position < len(lines) and (match := QUOTE.match(lines[position])):
                    quoted.append(match[1])
                    position += 1
                output += ["<blockquote>", *self.blocks(quoted), "</blockquote>"]
            elif ITEM.match(line):
                flush()
                position = self.items(lines, position - 1, output)
            elif ROW.match(line):
                flush()
                position = self.table(lines, position - 1, output)
            else:
                paragraph.append(line.strip())
        flush()
        return output

    def items(self, lines: list[str], position: int, output: list[str]) -> int:
        first = ITEM.match(lines[position])
        assert first is not None
        indent, tag = len(first[1]), "ol" if first[2][0].isdigit() else "ul"
        output.append(f"<{tag}>")
        while position < len(lines) and (match := ITEM.match(lines[position])):
            depth = len(match[1])
            if depth < indent:
                break
            if depth > indent:
                position = self.items(lines, position, output)
                continue
            output.append(f"<li>{self.inline(match[3])}</li>")
            position += 1
        output.append(f"</{tag}>")
        return position

    def table(self, lines: list[str], position: int, output: list[str]) -> int:
        output.append("<table>")
        tag = "th"
        while position < len(lines) and (match := ROW.match(lines[position])):
            position += 1
            cells = [cell.strip() for cell in match[1].split("|")]
            if all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                tag = "td"
                continue
            output.append("<tr>" + "".join(f"<{tag}>{self.inline(cell)}</{tag}>" for cell in cells) + "</tr>")
        output.append("</table>")
        return position


DOCUMENT = """# Chapter {n}: the *tools* we use #

A paragraph with **bold words**, *emphasis*, `code <span>`, and a [link](https://example.org/{n} "A title")
that goes on & on, with an image ![map](map{n}.png), and __more **nested** strength__ of 3 < {n}.

## Lists and quotes

- first item with `x = {n}`
- second item
  - nested _one_
  - nested two with <https://example.org/auto>
- third item

1. count
2. the **steps**

> A quoted line with *emphasis*
> and a second one.
>
> - even a list

| name | value | note |
|:-----|------:|------|
| a    | {n}   | `one` |
| b    | 2     | [two](#two) |

```python
def function(x):
    return x < {n} and "**not bold**"
```

---
"""


def run(size: int = FULL) -> tuple[object, ...]:
    converter = Markdown()
    pages = [converter.convert(DOCUMENT.format(n=number)) for number in range(size * 2)]
    html = "\n".join(pages)
    result = (
        len(html),
        len(converter.headings),
        len(converter.stash),
        html.count("<em>"),
        html.count("<strong>"),
        html.count("<td>"),
        html.count("<li>"),
    )
    return checked(result, EXPECTED[size])
