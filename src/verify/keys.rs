//! Which keys a script asks a signature of: multisig, and what miniscript makes.
//!
//! A script that has an opcode which miniscript never writes has no keys here, OP_CODESEPARATOR above all, since
//! signatures after it are over another digest. Floor 4.

use bitcoin::Script;

use super::script::hash160;

/// A key as a script names it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signer<'a> {
    /// Before taproot: compressed.
    Full(&'a [u8; 33]),
    /// In a leaf.
    XOnly(&'a [u8; 32]),
}

impl Signer<'_> {
    const fn bytes(&self) -> &[u8] {
        match self {
            Self::Full(key) => key.as_slice(),
            Self::XOnly(key) => key.as_slice(),
        }
    }
}

/// Whether `script` asks for a signature of `signer`: its key stands there, or the hash of its key.
pub(super) fn asks(script: &Script, signer: Signer<'_>) -> bool {
    if let (Signer::Full(key), Some(keys)) = (signer, multisig_keys(script.as_bytes())) {
        return keys.contains(&key.as_slice());
    }
    let Some(tokens) = tokens(script.as_bytes(), matches!(signer, Signer::XOnly(_))) else { return false };
    let last_check = tokens.iter().rposition(|token| matches!(token, Token::Op(0xac..=0xaf | 0xba)));
    let hash = hash160(signer.bytes());
    tokens.iter().enumerate().take(last_check.unwrap_or(0)).any(|(place, token)| {
        let Token::Push(push) = token else { return false };
        let before = |steps: usize| place.checked_sub(steps).and_then(|place| tokens.get(place));
        let after = tokens.get(place.saturating_add(1));
        if *push == signer.bytes() {
            // 32 bytes after OP_SHA256 or OP_HASH256 are a hash.
            return !matches!(before(1), Some(Token::Op(0xa8 | 0xaa)));
        }
        // OP_DUP OP_HASH160 hash OP_EQUALVERIFY
        *push == hash
            && matches!(before(1), Some(Token::Op(0xa9)))
            && matches!(before(2), Some(Token::Op(0x76)))
            && matches!(after, Some(Token::Op(0x88)))
    })
}

#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    Push(&'a [u8]),
    Number(u8),
    Op(u8),
}

/// A script's pushes of at most 75 bytes, small numbers and the opcodes of miniscript; `None` where it has others,
/// and where an OP_CHECKMULTISIG does not stand behind its whole group.
fn tokens(script: &[u8], leaf: bool) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = script;
    while let Some((&code, after)) = rest.split_first() {
        rest = after;
        match code {
            0..=75 => {
                let (push, after) = rest.split_at_checked(usize::from(code))?;
                tokens.push(Token::Push(push));
                rest = after;
            }
            0x51..=0x60 => tokens.push(Token::Number(code.wrapping_sub(0x50))),
            // CHECKMULTISIG and its VERIFY
            0xae | 0xaf => {
                let whole = !leaf && is_multisig_group(&tokens);
                tokens.push(Token::Op(whole.then_some(code)?));
            }
            // CHECKSIGADD
            0xba => tokens.push(Token::Op(leaf.then_some(code)?)),
            // IF NOTIF ELSE ENDIF VERIFY TOALTSTACK FROMALTSTACK IFDUP DUP SWAP SIZE EQUAL EQUALVERIFY 0NOTEQUAL ADD
            // BOOLAND BOOLOR NUMEQUAL NUMEQUALVERIFY, the hashes but SHA1, CHECKSIG CHECKSIGVERIFY, the time locks
            0x63
            | 0x64
            | 0x67..=0x69
            | 0x6b
            | 0x6c
            | 0x73
            | 0x76
            | 0x7c
            | 0x82
            | 0x87
            | 0x88
            | 0x92
            | 0x93
            | 0x9a
            | 0x9b
            | 0x9c
            | 0x9d
            | 0xa6
            | 0xa8..=0xaa
            | 0xac
            | 0xad
            | 0xb1
            | 0xb2 => tokens.push(Token::Op(code)),
            _ => return None,
        }
    }
    Some(tokens)
}

/// Whether the last tokens are `m key… n` with 1 <= m <= n.
fn is_multisig_group(tokens: &[Token<'_>]) -> bool {
    let Some((count, before)) = tokens.split_last().and_then(|(last, before)| Some((number(last)?, before))) else {
        return false;
    };
    let Some((before, keys)) = before.len().checked_sub(count).and_then(|keys| before.split_at_checked(keys)) else {
        return false;
    };
    let threshold = before.last().and_then(number);
    keys.iter().all(|key| matches!(key, Token::Push(key) if key.len() == 33))
        && threshold.is_some_and(|threshold| (1..=count).contains(&threshold))
}

/// A number of 1 to 20.
fn number(token: &Token<'_>) -> Option<usize> {
    match token {
        Token::Number(number) => Some(usize::from(*number)),
        Token::Push([number @ 17..=20]) => Some(usize::from(*number)),
        Token::Push(_) | Token::Op(_) => None,
    }
}

/// The keys of `m key… n OP_CHECKMULTISIG`, compressed ones.
pub(super) fn multisig_keys(script: &[u8]) -> Option<Vec<&[u8]>> {
    let tokens = tokens(script, false)?;
    let (Token::Op(0xae), group) = tokens.split_last()? else { return None };
    // Such a group stands at its end; that nothing stands before it is asked here.
    let [_, keys @ .., count] = group else { return None };
    (number(count)? == keys.len()).then_some(())?;
    Some(keys.iter().filter_map(|token| if let Token::Push(key) = *token { Some(key) } else { None }).collect())
}

#[cfg(test)]
mod tests;
