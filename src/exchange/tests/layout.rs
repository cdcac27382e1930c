use super::bench::{cells, photograph, pixels, screen};
use crate::{
    exchange::scene::{LEAST, Picture, Scene, code, compose, largest, mirrored, modules, needed, width, within},
    picture::Grey,
    port::{Canvas, Sheet},
    qr::{Eye, draw},
};

fn shown(canvas: &Canvas, version: u8, lines: usize) -> (String, Sheet) {
    let text = format!("VERSION {version} ").repeat(1);
    let code = code(&draw(&text, version).unwrap()).unwrap();
    assert_eq!(code.width(), modules(version));
    let below = vec!["below".repeat(60); lines];
    (text, compose(canvas, &Scene { above: Vec::new(), picture: Picture::Code(&code), below }))
}

#[test]
fn a_code_that_just_fits_is_read_on_a_terminal_of_any_theme() {
    for version in (LEAST..=27).step_by(5).chain([40]) {
        for halves in [true, false] {
            let (columns, rows) = needed(&Canvas::Cells { rows: 1, columns: 1, halves }, version, 2);
            let canvas = Canvas::Cells { rows, columns, halves };
            assert_eq!(largest(&canvas, 2), Some(version));
            let (text, sheet) = shown(&canvas, version, 2);
            let Sheet::Cells(sheet) = sheet else { panic!() };
            for theme in [0, 40, 255] {
                let cells = screen(&sheet, theme);
                assert!(cells.len() == rows && cells.iter().all(|row| row.len() <= columns));
                assert_eq!(
                    Eye::new().look(&photograph(&cells, theme)),
                    Some(text.clone()),
                    "{version} {halves} {theme}"
                );
            }
            // One less of either is too little.
            for (rows, columns) in [(rows - 1, columns), (rows, columns - 1)] {
                let smaller = largest(&Canvas::Cells { rows, columns, halves }, 2);
                assert_eq!(smaller, (version > LEAST).then(|| version - 1), "{version} {halves}");
            }
        }
    }
}

/// Light is drawn by letters, dark by what is behind them, and a code needs no colour but these two.
#[test]
fn a_code_has_two_colours_that_no_theme_changes() {
    let (_, Sheet::Cells(sheet)) = shown(&cells(80, 25), 5, 2) else { panic!() };
    let mut colors: Vec<&str> =
        sheet.split("\x1b[").filter(|part| part.contains("8;5;")).map(|p| p.split('m').next().unwrap()).collect();
    colors.sort_unstable();
    colors.dedup();
    assert_eq!(colors, ["38;5;231", "48;5;16"]);
}

#[test]
fn a_code_that_does_not_fit_is_left_out_rather_than_cut() {
    let canvas = cells(44, 24);
    let (_, Sheet::Cells(sheet)) = shown(&canvas, 5, 2) else { panic!() };
    assert!(!sheet.contains('█') && sheet.contains("below"));
    let (_, sheet) = shown(&pixels(100, 20), 40, 2);
    let Sheet::Pixels(sheet) = sheet else { panic!() };
    assert!(!sheet.pixels().contains(&255));
}

#[test]
fn common_windows_hold_what_they_can() {
    for ((columns, rows), version) in
        [((80, 24), 4), ((80, 25), 5), ((120, 40), 12), ((132, 43), 14), ((200, 60), 22), ((240, 67), 26)]
    {
        assert_eq!(largest(&cells(columns, rows), 2), Some(version), "{columns} by {rows}");
    }
    for (columns, rows) in [(80, 22), (40, 100), (1, 1), (0, 0)] {
        assert_eq!(largest(&cells(columns, rows), 2), None, "{columns} by {rows}");
    }
    for ((width, height), version) in [((640, 480), 30), ((1024, 768), 40), ((1366, 768), 40), ((320, 200), 7)] {
        assert_eq!(largest(&pixels(width, height), 2), Some(version), "{width} by {height}");
    }
    assert_eq!(largest(&pixels(100, 100), 2), None);
}

#[test]
fn a_code_on_a_framebuffer_is_read_and_its_lines_stand_around_it() {
    for (width, height) in [(640, 480), (1024, 768), (1366, 768), (1921, 1081)] {
        for version in [5, 15, 27] {
            let canvas = pixels(width, height);
            let (text, sheet) = shown(&canvas, version, 2);
            let Sheet::Pixels(picture) = sheet else { panic!() };
            assert_eq!((picture.width(), picture.height()), (width, height));
            assert_eq!(Eye::new().look(&picture), Some(text), "{width} by {height}, {version}");
            // A dot of each letter of both lines, and nothing over the edge.
            let dots = picture.pixels().iter().filter(|pixel| **pixel == 220).count();
            let dot = (height / (16 * 30)).min(width / (8 * 80)).max(1);
            assert_eq!(dots, 2 * super::super::scene::width(&canvas).min(300) * dot * dot);
        }
    }
}

#[test]
fn a_view_is_a_mirror_and_keeps_its_shape() {
    // Dark on the left: light on the left in the mirror.
    let picture = Grey::new(4, 2, vec![0, 0, 255, 255, 0, 0, 255, 255]).unwrap();
    assert_eq!(mirrored(&picture, (2, 1)).unwrap().pixels(), [255, 0]);
    assert_eq!(mirrored(&picture, (4, 2)).unwrap().pixels(), [255, 255, 0, 0, 255, 255, 0, 0]);
    assert_eq!(mirrored(&picture, (8, 2)).unwrap().pixels()[..8], [255, 255, 255, 255, 0, 0, 0, 0]);
    assert!(mirrored(&picture, (0, 2)).is_none());
    let picture = Grey::new(1280, 720, vec![128; 1280 * 720]).unwrap();
    assert_eq!(within(&picture, (80, 40)), (71, 40));
    assert_eq!(within(&picture, (64, 400)), (64, 36));
    // Half a row remains on an odd terminal; nothing of it is beyond the window.
    for (columns, rows) in [(80, 25), (37, 11), (8, 3), (1, 6), (5, 2)] {
        let scene =
            Scene { above: vec!["above".into(); 2], picture: Picture::View(&picture), below: vec!["below".into()] };
        let Sheet::Cells(text) = compose(&cells(columns, rows), &scene) else { panic!() };
        let cells = screen(&text, 0);
        assert!(cells.len() == rows && cells.iter().all(|row| row.len() <= columns), "{columns} by {rows}");
    }
    assert_eq!(width(&cells(37, 11)), 37);
}

/// Words from outside (a camera's name) bring no sequence with them.
#[test]
fn lines_are_plain_letters() {
    let above = vec!["a\x1b[2J\u{202e}é\nb".to_owned()];
    let Sheet::Cells(text) = compose(&cells(20, 2), &Scene { above, picture: Picture::None, below: Vec::new() }) else {
        panic!()
    };
    assert!(text.contains("a?[2J???b"), "{text:?}");
}
