//! Ciphertexts of AES-GCM: a fresh nonce in front.

use aes_gcm::Nonce;
use aes_gcm::aead::Aead;
use aes_gcm::aead::consts::U12;

use crate::{CipherError, random};

const NONCE_BYTES: usize = 12;

pub(crate) fn seal(
    cipher: &impl Aead<NonceSize = U12>,
    plaintext: &[u8],
) -> Result<Vec<u8>, CipherError> {
    let mut nonce = [0; NONCE_BYTES];
    random(&mut nonce)?;
    let sealed = cipher.encrypt(&Nonce::from(nonce), plaintext);
    let sealed = sealed.map_err(|_| CipherError::TooLong)?;
    Ok([nonce.as_slice(), sealed.as_slice()].concat())
}

pub(crate) fn open(
    cipher: &impl Aead<NonceSize = U12>,
    ciphertext: &[u8],
) -> Result<Vec<u8>, CipherError> {
    let (nonce, sealed) = ciphertext.split_first_chunk().ok_or(CipherError::Foreign)?;
    cipher.decrypt(&Nonce::from(*nonce), sealed).map_err(|_| CipherError::Foreign)
}
