use super::*;

/// A line of the table of README.md: file, specification, cases, accept, refuse, digest.
fn table() -> Vec<Vec<String>> {
    include_str!("../../vectors/README.md")
        .lines()
        .filter(|line| line.contains(".json | "))
        .map(|line| line.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect())
        .collect()
}

#[test]
fn the_table_of_the_folder_is_that_of_the_files() {
    let table = table();
    assert_eq!(table.len(), SPECIFICATIONS.len());
    for (row, about) in table.iter().zip(SPECIFICATIONS) {
        assert_eq!(row[1..4], [about.file.to_owned(), about.name.to_owned(), about.cases.to_string()]);
        let text = about.built_in;
        let refused = text.matches("\"expect\": \"refuse\"").count();
        assert_eq!(row[4..6], [(about.cases - refused).to_string(), refused.to_string()], "{}", about.file);
        assert_eq!(row[6], crate::digest::FileDigest(crate::digest::sha256(text.as_bytes())).to_string(), "{}", about.file);
    }
}

#[test]
fn every_case_comes_out_as_the_specification_says() {
    let report = run(&built_in);
    assert!(report.whole(), "\n{report}");
}
