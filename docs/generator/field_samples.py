"""A declaration of each field type, and values that are sent to it; the page of fields shows what becomes of them."""

from collections.abc import Mapping

import msgspec


class Sample(msgspec.Struct, frozen=True):
    """A field as it is declared, and values as JSON texts."""

    declared: str
    sent: tuple[str, ...]


def _sample(declared: str, *sent: str) -> Sample:
    return Sample(declared, sent)


_OPTIONS = "options: [{value: low}, {value: high, default: true}]"

SAMPLES: Mapping[str, Sample] = {
    "text": _sample(
        "{type: text, label: Code, maxLength: 6, pattern: '^[A-Z]+'}", '"AB 12"', '"ab"', '"ABCDEFGH"', "12"
    ),
    "textarea": _sample("{type: textarea, label: Notes, required: true}", r'"one\ntwo"', '""'),
    "markdown": _sample("{type: markdown, label: Text}", '"# Hello"'),
    "email": _sample("{type: email, label: Address}", '"Ann@Example.org"', '"ann"'),
    "url": _sample("{type: url, label: Website}", '"https://example.org/a?b=c"', '"example.org"'),
    "phone": _sample("{type: phone, label: Phone}", '"+4930123456"', '"030 123456"'),
    "number": _sample("{type: number, label: Hours, min: 0, scale: 2}", "1.5", "2.00", "1e2", "0.125", "-1", '"1.5"'),
    "currency": _sample("{type: currency, label: Price}", "12.5", "99999999.99", "12.345"),
    "percent": _sample("{type: percent, label: Share}", "12.5", "101"),
    "boolean": _sample("{type: boolean, label: Done}", "true", '"true"', "1"),
    "toggle": _sample("{type: toggle, label: Shown}", "false"),
    "date": _sample("{type: date, label: Due}", '"2026-03-05"', '"2026-02-30"', '"2026-03-05T00:00:00Z"'),
    "datetime": _sample(
        "{type: datetime, label: Opened}",
        '"2026-03-05T14:30:00+02:00"',
        '"2026-03-05T14:30:00.1234Z"',
        '"2026-03-05T14:30:00"',
    ),
    "time": _sample("{type: time, label: Opens}", '"14:30"', '"14:30:05.5"', '"25:00"'),
    "select": _sample(f"{{type: select, label: Level, {_OPTIONS}}}", '"low"', '"middle"'),
    "radio": _sample(f"{{type: radio, label: Level, {_OPTIONS}}}", '"high"'),
    "multiselect": _sample(
        f"{{type: multiselect, label: Levels, {_OPTIONS}}}", '["high", "low"]', '["low", "low"]', '"low"'
    ),
    "lookup": _sample("{type: lookup, label: Customer, reference: customer}", '"01JXQ3V5Z8M4T7N2K6W9R1B0CD"', "17"),
    "master_detail": _sample(
        "{type: master_detail, label: Ticket, reference: ticket}", '"01JXQ3V5Z8M4T7N2K6W9R1B0CD"', '""'
    ),
    "user": _sample("{type: user, label: Reviewer}", '"01JXQ3V5Z8M4T7N2K6W9R1B0CD"'),
    "json": _sample("{type: json, label: Extra}", '{"a": [1, 2.50, null]}', "123456789012345678901234567890"),
    "password": _sample("{type: password, label: Password}", '"correct horse"', '"short"'),
    "html": _sample("{type: html, label: Text}", '"<b onclick=x()>bold</b><script>x()</script>"', "1"),
    "richtext": _sample("{type: richtext, label: Text}", '{"type": "doc", "content": []}', '"<i>plain</i>"', "[]"),
    "code": _sample("{type: code, label: Script, language: python}", '"print(1)"'),
    "color": _sample("{type: color, label: Colour}", '"#1A2B3C"', '"blue"'),
    "signature": _sample("{type: signature, label: Signature}", '"data:image/png;base64,iVBORw0KGgo="', '"Ann"'),
    "qrcode": _sample("{type: qrcode, label: Ticket}", '"https://example.org/t/1"'),
    "rating": _sample("{type: rating, label: Stars}", "4", "6", "3.5"),
    "slider": _sample("{type: slider, label: Volume, max: 10, step: 0.5}", "2.5", "2.3"),
    "progress": _sample("{type: progress, label: Done}", "80", "101"),
    "checkboxes": _sample(
        f"{{type: checkboxes, label: Levels, maxItems: 1, {_OPTIONS}}}", '["low"]', '["low", "high"]'
    ),
    "tags": _sample("{type: tags, label: Tags, maxItems: 2}", '["urgent", "paper"]', '["a", "a"]', '["a", "b", "c"]'),
    "tree": _sample("{type: tree, label: Above, reference: department}", '"01JXQ3V5Z8M4T7N2K6W9R1B0CD"'),
    "file": _sample("{type: file, label: Papers, multiple: true}", '["01JXQ3V5Z8M4T7N2K6W9R1B0CD"]', '"a"'),
    "image": _sample("{type: image, label: Picture}", '"01JXQ3V5Z8M4T7N2K6W9R1B0CD"'),
    "avatar": _sample("{type: avatar, label: Portrait}", '"01JXQ3V5Z8M4T7N2K6W9R1B0CD"'),
    "video": _sample("{type: video, label: Film}", '"01JXQ3V5Z8M4T7N2K6W9R1B0CD"'),
    "audio": _sample("{type: audio, label: Recording}", '"01JXQ3V5Z8M4T7N2K6W9R1B0CD"'),
    "location": _sample("{type: location, label: Place}", '{"lat": 52.52, "lng": 13.405}', '{"lat": 91}'),
    "address": _sample(
        "{type: address, label: Address}",
        '{"city": "Berlin", "countryCode": "DE"}',
        '{"countryCode": "de", "zip": "1"}',
    ),
    "composite": _sample(
        "{type: composite, label: Size, fields: {width: {type: number, required: true}, unit: {type: text}}}",
        '{"width": 2.50}',
        '{"unit": 1}',
    ),
    "repeater": _sample(
        "{type: repeater, label: Lines, fields: {amount: {type: currency, required: true}}}",
        '[{"amount": 1}, {"amount": 2.5}]',
        '[{"amount": 1}, {}]',
    ),
    "record": _sample(
        "{type: record, label: Prices, fields: {amount: {type: currency}}}", '{"de": {"amount": 9}}', '{"de": 9}'
    ),
    "vector": _sample("{type: vector, label: Meaning, dimensions: 3}", "[0.5, -1, 0]", "[1, 2]", '"1,2,3"'),
    "summary": _sample(
        "{type: summary, label: Hours spent, scale: 2, summaryOperations: {object: ticket, function: avg, field: hours}}"
    ),
    "autonumber": _sample("{type: autonumber, label: Number, format: 'TKT-{YYYY}-{0000}'}"),
    "formula": _sample("{type: formula, label: A third, returnType: number, scale: 2, expression: version / 3.0}"),
    "secret": _sample("{type: secret, label: Key}", '"a key of another system"', '""'),
}
