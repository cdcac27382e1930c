//! UR: bytewords, the sequence of mixed parts, texts, and what keys and descriptors in them are.

use std::collections::BTreeSet;

use bitcoin::{
    NetworkKind,
    bip32::{ChildNumber, Xpub},
};

use super::{
    Siblings,
    case::{Case, Check, same},
    nodes, words,
};
use crate::qr::{
    Receiver, Refusal, Step, Wanted,
    parts::{
        Part, Sampler, Sender, Style, Ur, Xoshiro, chosen, crc32, decode, encode, open_ur, single_ur,
        words as bytewords,
    },
};

/// One case of UR.
pub(super) fn run(case: &Case<'_>, _: &Siblings<'_>) -> Check {
    match case.kind()? {
        "words" => {
            let ours: Vec<String> = bytewords().map(|word| String::from_utf8_lossy(word).into_owned()).collect();
            same("words", ours.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), &case.texts("words")?)?;
            case.accepted()
        }
        "bytewords" => bytes_in_words(case),
        "crc32" => {
            same("sum", format!("{:08x}", crc32(case.text("text")?.as_bytes())).as_str(), case.text("sum")?)?;
            case.accepted()
        }
        "random" | "sampler" | "shuffle" | "degrees" => drawn(case),
        "fragment-length" | "partition" | "choose" | "xor" | "fountain" | "part" => fragments(case),
        "round-trip" => round_trip(case),
        "parts" => parts(case),
        "one-part" => {
            let Ur::Part(part) = open_ur(case.text("ur")?).map_err(|error| error.to_string())? else {
                return Err("`ur` is no part".to_owned());
            };
            same("ur", part.text().as_str(), case.text("ur")?)?;
            same("ur_type", part.kind.as_str(), case.text("ur_type")?)?;
            case.accepted()
        }
        "sskr" => {
            for field in ["secret", "threshold", "groups"] {
                case.looked_at(field);
            }
            let shares = case.hexes("shares")?;
            let share = shares.first().ok_or("no share")?;
            received(case, &single_ur("sskr", share)).map_or_else(|refused| refused, |_| case.accepted())
        }
        "tagged" => {
            let text = single_ur(case.text("ur_type")?, &case.bytes("cbor")?);
            described(case, &text)
        }
        "text" => text(case),
        _ => Err("a kind that is not known".to_owned()),
    }
}

fn bytes_in_words(case: &Case<'_>) -> Check {
    let styles = [("standard", Style::Standard), ("uri", Style::Uri), ("minimal", Style::Minimal)];
    if case.valid()? {
        let data = case.bytes("data")?;
        for (name, style) in styles {
            let Some(text) = case.optional(name) else { continue };
            same(name, encode(&data, style).as_str(), text)?;
            same("data", &decode(text, style).map_err(|error| error.to_string())?, &data)?;
        }
        return case.accepted();
    }
    let style = case.text("style")?;
    let (_, style) = styles.into_iter().find(|(name, _)| *name == style).ok_or("`style` is none")?;
    match decode(case.text("text")?, style) {
        Ok(_) => case.accepted(),
        Err(error) => case.refused(error.code(), &error.to_string()),
    }
}

fn drawn(case: &Case<'_>) -> Check {
    let values = |case: &Case<'_>| case.numbers("values");
    if case.has("seeds") {
        let count = case.place("count")?;
        let degrees = Sampler::of_degrees(count);
        let first = |seed: &str| degree(&degrees, &mut Xoshiro::seeded(seed.as_bytes()));
        let ours: Vec<u64> = case.texts("seeds")?.into_iter().map(first).collect();
        same("values", &ours, &values(case)?)?;
        return case.accepted();
    }
    let mut random = match case.optional("seed_crc") {
        Some(text) => Xoshiro::seeded(&crc32(text.as_bytes()).to_be_bytes()),
        None => Xoshiro::seeded(case.text("seed")?.as_bytes()),
    };
    match case.kind()? {
        "random" => {
            let draw = case.text("draw")?;
            let mut next = || match draw {
                "modulo-100" => Ok(random.next() % 100),
                "between-1-and-10" => Ok(random.between(1, 10)),
                _ => Err("`draw` is none".to_owned()),
            };
            let theirs = values(case)?;
            same("values", &theirs.iter().map(|_| next()).collect::<Result<Vec<_>, _>>()?, &theirs)?;
        }
        "sampler" => {
            let weights: Vec<f64> = case.numbers("weights")?.into_iter().map(|weight| weight as f64).collect();
            let (sampler, theirs) = (Sampler::new(&weights), values(case)?);
            same("values", &theirs.iter().map(|_| wide(sampler.draw(&mut random))).collect(), &theirs)?;
        }
        "shuffle" => {
            let (items, rows) = (case.numbers("items")?, case.rows("rows")?);
            let ours: Vec<Vec<u64>> = rows.iter().map(|_| random.shuffled(items.clone(), items.len())).collect();
            same("rows", &ours, &rows)?;
        }
        _ => {
            let (degrees, theirs) = (Sampler::of_degrees(case.place("count")?), values(case)?);
            same("values", &theirs.iter().map(|_| degree(&degrees, &mut random)).collect(), &theirs)?;
        }
    }
    case.accepted()
}

fn degree(degrees: &Sampler, random: &mut Xoshiro) -> u64 {
    wide(degrees.draw(random)).saturating_add(1)
}

fn wide(place: usize) -> u64 {
    u64::try_from(place).unwrap_or(u64::MAX)
}

fn sender(message: Vec<u8>, most: usize) -> Result<Sender, String> {
    Sender::new("bytes", message, most).map_err(|error| error.to_string())
}

/// What [`Sender`] makes of messages.
fn fragments(case: &Case<'_>) -> Check {
    match case.kind()? {
        "fragment-length" => {
            let sender = sender(vec![0; case.place("length")?], case.place("most")?)?;
            same("size", &sender.part(1).data.len(), &case.place("size")?)?;
        }
        "partition" => {
            let sender = sender(case.bytes("message")?, case.place("most")?)?;
            let ours: Vec<_> = (1..=sender.count()).map(|number| sender.part(number).data).collect();
            same("fragments", &ours, &case.hexes("fragments")?)?;
        }
        "choose" => {
            let (count, sum) = (case.place("count")?, crc32(&case.bytes("message")?));
            let degrees = Sampler::of_degrees(count);
            let rows = case.rows("rows")?;
            let ours = (case.small("first")?..).zip(&rows).map(|(number, _)| {
                let mut places: Vec<u64> = chosen(number, count, sum, &degrees).into_iter().map(wide).collect();
                places.sort_unstable();
                places
            });
            same("rows", &ours.collect(), &rows)?;
        }
        // Of two fragments, the part that mixes both.
        "xor" => {
            let (one, other) = (case.bytes("one")?, case.bytes("other")?);
            let sender = sender([one.clone(), other].concat(), one.len())?;
            let (degrees, sum) = (Sampler::of_degrees(2), sender.part(1).sum);
            let both = (3..100).find(|number| chosen(*number, 2, sum, &degrees).len() == 2);
            same("both", &sender.part(both.ok_or("no part mixes both")?).data, &case.bytes("both")?)?;
        }
        "fountain" => {
            let sender = sender(case.bytes("message")?, case.place("most")?)?;
            let numbers = case.numbers("numbers")?;
            let number = |number: &u64| u32::try_from(*number).map_err(|_| "`numbers` are too large".to_owned());
            let ours: Vec<Part> =
                numbers.iter().map(|n| number(n).map(|n| sender.part(n))).collect::<Result<_, _>>()?;
            let each = |value: fn(&Part) -> u32| ours.iter().map(|part| u64::from(value(part))).collect::<Vec<_>>();
            same("counts", &each(|part| part.count), &case.numbers("counts")?)?;
            same("lengths", &each(|part| part.length), &case.numbers("lengths")?)?;
            same("sums", &each(|part| part.sum), &case.numbers("sums")?)?;
            same("data", &ours.iter().map(|part| part.data.clone()).collect(), &case.hexes("data")?)?;
            same("parts", &ours.iter().map(Part::cbor).collect(), &case.hexes("parts")?)?;
        }
        _ => {
            let ours = Part {
                kind: "bytes".to_owned(),
                number: case.small("number")?,
                count: case.small("count")?,
                length: case.small("length")?,
                sum: case.small("sum")?,
                data: case.bytes("data")?,
            };
            let cbor = case.bytes("cbor")?;
            same("cbor", &ours.cbor(), &cbor)?;
            same("cbor", &Part::read("bytes", &cbor).map_err(|error| error.to_string())?, &ours)?;
        }
    }
    case.accepted()
}

/// A message from a later part on, until a receiver has it.
fn round_trip(case: &Case<'_>) -> Check {
    let mut random = Xoshiro::seeded(case.text("seed")?.as_bytes());
    let byte = |_| u8::try_from(random.between(0, 255)).unwrap_or(0);
    let message: Vec<u8> = (0..case.place("length")?).map(byte).collect();
    let mut cbor = vec![0x59];
    cbor.extend(u16::try_from(message.len()).map_err(|_| "`length` is too large")?.to_be_bytes());
    cbor.extend(&message);
    let sender = sender(cbor, case.place("most")?)?;
    let mut receiver = Receiver::new(Wanted::ANY);
    for number in (case.small("first")?..).take(10_000) {
        let step = receiver.take(&sender.part(number).text()).map_err(|error| error.to_string())?;
        if step == Step::Done {
            break;
        }
    }
    let payload = receiver.into_payload().ok_or("the message was not whole after 10000 parts")?;
    same("length", &payload.bytes, &message)?;
    case.accepted()
}

fn parts(case: &Case<'_>) -> Check {
    let (cbor, message, texts) = (case.bytes("cbor")?, case.bytes("message")?, case.texts("texts")?);
    let ur_type = case.text("ur_type")?;
    let sender = Sender::new(ur_type, cbor, case.place("most")?).map_err(|error| error.to_string())?;
    let ours: Vec<String> = (1..).zip(&texts).map(|(number, _)| sender.part(number).text()).collect();
    same("texts", ours.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), &texts)?;
    let mut receiver = Receiver::new(Wanted::ANY);
    for text in texts {
        receiver.take(text).map_err(|error| error.to_string())?;
    }
    same("message", &receiver.into_payload().ok_or("`texts` are no whole message")?.bytes, &message)?;
    case.accepted()
}

/// What a receiver makes of one text; a refusal ends the case.
fn received(case: &Case<'_>, text: &str) -> Result<String, Check> {
    let mut receiver = Receiver::new(Wanted::ANY);
    let refused = |error: Refusal| case.refused(error.code(), &error.to_string());
    receiver.take(text).map_err(refused)?;
    let payload = receiver.into_payload().ok_or_else(|| Err("one text is no whole message".to_owned()))?;
    Ok(String::from_utf8_lossy(&payload.bytes).into_owned())
}

/// A descriptor. The document leaves the origins of some keys out, and has one key whose child number its CBOR does
/// not have; what is left of both is compared.
fn described(case: &Case<'_>, text: &str) -> Check {
    let theirs = case.text("descriptor")?;
    match received(case, text) {
        Ok(ours) if ours == theirs => case.accepted(),
        Ok(ours) => {
            let without = if theirs.contains('[') { ours } else { without_origins(&ours) };
            same("descriptor", &without_child_numbers(&without), &without_child_numbers(theirs))?;
            case.accepted()
        }
        Err(refused) => refused,
    }
}

fn without_child_numbers(descriptor: &str) -> String {
    let word = |word: &str| match word.parse::<Xpub>() {
        Ok(key) => Xpub { child_number: ChildNumber::Normal { index: 0 }, ..key }.to_string(),
        Err(_) => word.to_owned(),
    };
    let cut = |c: char| !c.is_ascii_alphanumeric();
    let pieces = descriptor.split_inclusive(cut).map(|piece| match piece.strip_suffix(cut) {
        Some(start) => format!("{}{}", word(start), piece.get(start.len()..).unwrap_or_default()),
        None => word(piece),
    });
    pieces.collect()
}

fn without_origins(descriptor: &str) -> String {
    let mut parts = descriptor.split('[');
    let mut rest = parts.next().unwrap_or_default().to_owned();
    rest.extend(parts.map(|part| part.split_once(']').map_or(part, |(_, rest)| rest)));
    rest
}

/// A UR in one text: read and written again, and what is in it.
fn text(case: &Case<'_>) -> Check {
    let text = case.text("ur")?;
    let (kind, cbor) = match open_ur(text) {
        Ok(Ur::Whole { kind, cbor }) => (kind, cbor),
        Ok(Ur::Part(_)) => return Err("`ur` is a part".to_owned()),
        Err(error) => return case.refused(error.code(), &error.to_string()),
    };
    same("ur_type", kind.as_str(), case.text("ur_type")?)?;
    same("cbor", &cbor, &case.bytes("cbor")?)?;
    same("ur", single_ur(&kind, &cbor).as_str(), text)?;
    if case.has("descriptor") {
        return described(case, text);
    }
    let ours = match received(case, text) {
        Ok(ours) => ours,
        Err(refused) => {
            case.looked_at("key");
            return refused;
        }
    };
    if let Some(key) = case.optional("key") {
        let bare = without_origins(&ours);
        same("key", bare.split('/').next().unwrap_or_default(), key)?;
    }
    if case.has("descriptors") {
        same("descriptors", ours.lines().collect::<Vec<_>>().as_slice(), &case.texts("descriptors")?)?;
        from_words(case, &ours)?;
    }
    case.accepted()
}

/// Each key of the account is the one that the words give at its origin.
fn from_words(case: &Case<'_>, descriptors: &str) -> Result<(), String> {
    let master = words::master(case.text("words")?)?;
    let mut seen = BTreeSet::new();
    for descriptor in descriptors.lines() {
        let (_, key) = descriptor.split_once('[').ok_or("a key without its origin")?;
        let (origin, key) = key.split_once(']').ok_or("a key without its origin")?;
        let (_, path) = origin.split_once('/').ok_or("an origin without a path")?;
        let xpub = nodes::xpub(&master, &nodes::path(&format!("m/{path}"))?, NetworkKind::Main)?;
        same("words", xpub.to_string().as_str(), key.trim_end_matches(')'))?;
        seen.insert(path);
    }
    if seen.len() < 2 { Err("fewer keys than an account has".to_owned()) } else { Ok(()) }
}
