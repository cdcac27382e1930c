//! What comes through a camera, as pictures and films.

use strongroom::{
    picture::{Grey, Packing, Video},
    qr::{Eye, Seen, draw},
};

/// Pixels of a picture that is looked at: more only takes longer.
const LOOKED_AT: usize = 40_000;

/// A picture, PNG or JPEG: it has the pixels that it says, and any code in it.
pub fn picture(data: &[u8]) {
    if let [kind, width, height, stride, rest @ ..] = data {
        let packing = Packing::ALL[usize::from(*kind) % Packing::ALL.len()];
        let sides = (usize::from(*width), usize::from(*height));
        match Grey::of_camera(packing, sides, usize::from(*stride), rest) {
            Ok(picture) => assert_eq!((picture.width(), picture.height()), sides),
            Err(error) => super::readable(&error.to_string()),
        }
    }
    match Grey::read(data) {
        Ok(picture) if picture.pixels().len() <= LOOKED_AT => {
            let _ = Eye::patient().see(&picture);
        }
        Ok(picture) => assert_eq!(picture.pixels().len(), picture.width() * picture.height()),
        Err(error) => super::readable(&error.to_string()),
    }
}

/// A film: frames of one size, until it ends or is refused.
pub fn video(data: &[u8]) {
    let mut video = match Video::open(data) {
        Ok(video) => video,
        Err(error) => return super::readable(&error.to_string()),
    };
    let mut size = None;
    loop {
        match video.frame() {
            Ok(Some(frame)) => {
                let this = (frame.width(), frame.height());
                assert_eq!(*size.get_or_insert(this), this);
            }
            Ok(None) => return,
            Err(error) => return super::readable(&error.to_string()),
        }
    }
}

/// A code that was painted over: what is read is what it said, or nothing.
pub fn eye(data: &[u8]) {
    let [version, scale, lean, edits @ ..] = data else { return };
    if version & 0x80 != 0 {
        let _ = Eye::patient().see(&stripes(usize::from(*scale), edits));
        return;
    }
    // Long enough that the error correction of its blocks does not take one text for another.
    const TEXT: &str =
        "UR:BYTES/1-2/LPADAOCFADYKCYSKGRAEKOHDGHBNHTLECSLKPMFDENURLFATJTJKGTGTKGGEJPWZFYWTQZONRKSELUBSHTPSGO";
    let version = 5 + version % 8;
    let square = draw(TEXT, version).unwrap();
    let (scale, lean) = (usize::from(scale % 4) + 1, usize::from(lean % 32));
    let (high, wide) = ((square.side + 8) * scale, (square.side + 8) * scale + lean);
    let mut pixels = vec![255u8; wide * high];
    for (row, y) in pixels.chunks_exact_mut(wide).zip(0..) {
        let shift = y * lean / high;
        for (x, pixel) in row.iter_mut().enumerate() {
            let module = |at: usize| (at / scale).checked_sub(4).filter(|at| *at < square.side);
            let at = x.checked_sub(shift).and_then(module).zip(module(y));
            *pixel = if at.is_some_and(|(column, row)| square.dark[row * square.side + column]) { 20 } else { 235 };
        }
    }
    for edit in edits.chunks_exact(5).take(200) {
        let [how, x, y, width, height] = [0, 1, 2, 3, 4].map(|at| edit[at]);
        let (left, top) = (usize::from(x) * wide / 256, usize::from(y) * high / 256);
        let right = (left + usize::from(width) % 64 * scale / 2 + 1).min(wide);
        for row in pixels.chunks_exact_mut(wide).skip(top).take(usize::from(height) % 64 * scale / 2 + 1) {
            for pixel in &mut row[left..right] {
                *pixel = if how & 1 == 0 { how } else { pixel.wrapping_add(how) };
            }
        }
    }
    let picture = Grey::new(wide, high, pixels).unwrap();
    let seen: Vec<Seen> = Eye::patient().see(&picture);
    for code in seen {
        assert_eq!(code.text().as_deref(), Some(TEXT), "{code:?}");
    }
}

/// Rows of runs: whatever looks like the corner of a code somewhere.
fn stripes(width: usize, runs: &[u8]) -> Grey {
    let width = width + 40;
    let level = |run: &u8| std::iter::repeat_n(if run & 1 == 0 { 10 } else { 240 }, usize::from(run >> 1));
    let mut pixels: Vec<u8> = runs.iter().flat_map(level).take(100_000).collect();
    pixels.resize(pixels.len().next_multiple_of(width).max(width * 40), 200);
    Grey::new(width, pixels.len() / width, pixels).unwrap()
}
