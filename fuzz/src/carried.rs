//! What comes through a camera, as texts of codes one after the other.

use std::str;

use strongroom::qr::{Receiver, Refusal, Step, Wanted, is_text_of_code, kind_of_bytes, of_list};

/// Texts of codes, a line each: the receiver keeps count, and a payload is one of the wanted kinds.
pub fn qr(data: &[u8]) {
    let _ = (kind_of_bytes(data), is_text_of_code(data));
    let Ok(text) = str::from_utf8(data) else { return };
    let _ = of_list(text);
    for wanted in [Wanted::ANY, Wanted::PSBT] {
        let mut receiver = Receiver::new(wanted);
        for line in text.split('\n') {
            match receiver.take(line) {
                Ok(Step::Done) => assert!(receiver.payload().is_some()),
                Ok(Step::Part { .. }) => assert!(receiver.payload().is_none()),
                Ok(Step::Another) => {
                    let _ = receiver.turn();
                }
                Err(error) => super::readable(&Refusal::to_string(&error)),
            }
            if let Some((seen, of)) = receiver.progress() {
                assert!(seen <= of, "{seen} of {of}");
                assert!(receiver.missing().len() <= of);
            }
        }
        if let Some(payload) = receiver.into_payload() {
            assert!(wanted.kinds.contains(&payload.kind));
            let _ = payload.word_numbers();
        }
    }
    let _ = Receiver::new(Wanted::ANY).take_file(text);
}
