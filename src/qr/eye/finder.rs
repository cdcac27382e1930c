//! Finds codes in one picture: the first eye.

use rxing::{
    Binarizer as _, Luma8Source,
    common::{BitMatrix, DetectorRXingResult as _, HybridBinarizer},
    qrcode::cpp_port::{
        decoder::Decode,
        detector::{FindFinderPatterns, GenerateFinderPatternSets, SampleQR},
    },
};

use super::{Found, Place};
use crate::{limits, picture::Grey};

/// The codes of a picture, the likeliest place first.
pub(super) fn find(picture: &Grey, light_on_dark: bool) -> Vec<Found> {
    let sides = u32::try_from(picture.width()).ok().zip(u32::try_from(picture.height()).ok());
    let source = sides.and_then(|(width, height)| Luma8Source::new_with_slice(picture.pixels(), width, height).ok());
    let Some(binary) = source.map(HybridBinarizer::new) else { return Vec::new() };
    let Ok(modules) = binary.get_black_matrix() else { return Vec::new() };
    if light_on_dark {
        let mut turned = modules.clone();
        turned.flip_self();
        codes(&turned)
    } else {
        codes(modules)
    }
}

/// Three corners of a code look alike. Of all that look like corners, threes are tried in the order of likelihood.
fn codes(modules: &BitMatrix) -> Vec<Found> {
    let mut corners = FindFinderPatterns(modules, false, 0);
    corners.sort_by_key(|corner| std::cmp::Reverse(corner.size));
    corners.truncate(limits::QR_CORNERS);
    let mut used = Vec::new();
    let mut found = Vec::new();
    for set in GenerateFinderPatternSets(&mut corners).into_iter().take(limits::QR_PLACES) {
        let three = [set.bl, set.tl, set.tr];
        if three.iter().any(|corner| used.contains(corner)) {
            continue;
        }
        let Ok(sampled) = SampleQR(modules, &set) else { continue };
        let Ok(decoded) = Decode(sampled.getBits()) else { continue };
        if !decoded.isValid() {
            continue;
        }
        used.extend(three);
        let place = Place::around(sampled.getPoints().iter().map(|point| (point.x, point.y)));
        found.push(Found { bytes: decoded.content().bytes().to_vec(), place });
        if found.len() >= limits::QR_CODES {
            break;
        }
    }
    found
}
