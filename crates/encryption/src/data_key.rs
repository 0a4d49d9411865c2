//! Data keys: made, read, written and used.

use std::fmt;

use aes_gcm::aead::KeyInit;
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use aes_siv::siv::Aes256Siv;
use prost::Message;
use zeroize::{Zeroize, Zeroizing};

use crate::{CipherError, DekAlgorithm, gcm, random};

/// A data encryption key, ready for use.
pub struct DataKey {
    bytes: Zeroizing<Vec<u8>>,
    cipher: Cipher,
}

enum Cipher {
    Aes128Gcm(Box<Aes128Gcm>),
    Aes256Gcm(Box<Aes256Gcm>),
    /// It is made anew for each text, because the library's changes with use.
    Aes256Siv,
}

/// What holds a key for AES-GCM.
#[derive(Message)]
#[prost(skip_debug)]
struct GcmMaterial {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(bytes = "vec", tag = "3")]
    key: Vec<u8>,
}

/// What holds a key for AES-SIV.
#[derive(Message)]
#[prost(skip_debug)]
struct SivMaterial {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(bytes = "vec", tag = "2")]
    key: Vec<u8>,
}

/// The one version of both messages that is defined.
const MATERIAL_VERSION: u32 = 0;

impl DataKey {
    /// A new key.
    pub fn generate(algorithm: DekAlgorithm) -> Result<Self, CipherError> {
        let mut bytes = Zeroizing::new(vec![0; algorithm.key_bytes()]);
        random(&mut bytes)?;
        Self::of_bytes(algorithm, bytes)
    }

    /// Reads what [`Self::material`] writes.
    pub fn from_material(algorithm: DekAlgorithm, material: &[u8]) -> Result<Self, CipherError> {
        let invalid = |_| CipherError::InvalidKey(algorithm);
        let (version, bytes) = match algorithm {
            DekAlgorithm::Aes128Gcm | DekAlgorithm::Aes256Gcm => {
                let GcmMaterial { version, key } =
                    GcmMaterial::decode(material).map_err(invalid)?;
                (version, Zeroizing::new(key))
            }
            DekAlgorithm::Aes256Siv => {
                let SivMaterial { version, key } =
                    SivMaterial::decode(material).map_err(invalid)?;
                (version, Zeroizing::new(key))
            }
        };
        if version != MATERIAL_VERSION {
            return Err(CipherError::InvalidKey(algorithm));
        }
        Self::of_bytes(algorithm, bytes)
    }

    fn of_bytes(algorithm: DekAlgorithm, bytes: Zeroizing<Vec<u8>>) -> Result<Self, CipherError> {
        let invalid = |_| CipherError::InvalidKey(algorithm);
        let cipher = match algorithm {
            DekAlgorithm::Aes128Gcm => {
                Cipher::Aes128Gcm(Box::new(Aes128Gcm::new_from_slice(&bytes).map_err(invalid)?))
            }
            DekAlgorithm::Aes256Gcm => {
                Cipher::Aes256Gcm(Box::new(Aes256Gcm::new_from_slice(&bytes).map_err(invalid)?))
            }
            DekAlgorithm::Aes256Siv if bytes.len() == algorithm.key_bytes() => Cipher::Aes256Siv,
            DekAlgorithm::Aes256Siv => return Err(CipherError::InvalidKey(algorithm)),
        };
        Ok(Self { bytes, cipher })
    }

    /// What it is used with.
    pub fn algorithm(&self) -> DekAlgorithm {
        match self.cipher {
            Cipher::Aes128Gcm(_) => DekAlgorithm::Aes128Gcm,
            Cipher::Aes256Gcm(_) => DekAlgorithm::Aes256Gcm,
            Cipher::Aes256Siv => DekAlgorithm::Aes256Siv,
        }
    }

    /// The key as a KMS wraps it and clients exchange it: the message that Tink makes of a key
    /// (`AesGcmKey` with the bytes in field 3, `AesSivKey` with the bytes in field 2).
    pub fn material(&self) -> Zeroizing<Vec<u8>> {
        let key = self.bytes.to_vec();
        match self.cipher {
            Cipher::Aes128Gcm(_) | Cipher::Aes256Gcm(_) => {
                let mut material = GcmMaterial { version: MATERIAL_VERSION, key };
                let encoded = Zeroizing::new(material.encode_to_vec());
                material.key.zeroize();
                encoded
            }
            Cipher::Aes256Siv => {
                let mut material = SivMaterial { version: MATERIAL_VERSION, key };
                let encoded = Zeroizing::new(material.encode_to_vec());
                material.key.zeroize();
                encoded
            }
        }
    }

    /// Encrypts a text of any bytes, also an empty one.
    pub fn encrypt(&self, plaintext: &[u8]) -> Result<Vec<u8>, CipherError> {
        match &self.cipher {
            Cipher::Aes128Gcm(cipher) => gcm::seal(&**cipher, plaintext),
            Cipher::Aes256Gcm(cipher) => gcm::seal(&**cipher, plaintext),
            Cipher::Aes256Siv => {
                self.siv()?.encrypt([NO_DATA], plaintext).map_err(|_| CipherError::TooLong)
            }
        }
    }

    /// What [`Self::encrypt`] made, with the same key.
    pub fn decrypt(&self, ciphertext: &[u8]) -> Result<Vec<u8>, CipherError> {
        match &self.cipher {
            Cipher::Aes128Gcm(cipher) => gcm::open(&**cipher, ciphertext),
            Cipher::Aes256Gcm(cipher) => gcm::open(&**cipher, ciphertext),
            Cipher::Aes256Siv => {
                self.siv()?.decrypt([NO_DATA], ciphertext).map_err(|_| CipherError::Foreign)
            }
        }
    }

    fn siv(&self) -> Result<Aes256Siv, CipherError> {
        Aes256Siv::new_from_slice(&self.bytes)
            .map_err(|_| CipherError::InvalidKey(DekAlgorithm::Aes256Siv))
    }
}

/// The one, empty, text of associated data.
const NO_DATA: &[u8] = &[];

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({}, ..)", self.algorithm())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unhex(text: &str) -> Vec<u8> {
        let digits: Vec<_> = text.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
        digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
    }

    fn key(algorithm: DekAlgorithm, hex: &str) -> DataKey {
        DataKey::of_bytes(algorithm, Zeroizing::new(unhex(hex))).unwrap()
    }

    /// Test cases 1, 2, 13 and 14 of "The Galois/Counter Mode of Operation" (`McGrew`, Viega), the
    /// proposal that NIST SP 800-38D made a standard; the nonce is zero in all of them.
    #[test]
    fn published_ciphertexts_of_aes_gcm_are_read() {
        use DekAlgorithm::{Aes128Gcm, Aes256Gcm};
        for (algorithm, plaintext, sealed) in [
            (Aes128Gcm, "", "58e2fccefa7e3061367f1d57a4e7455a"),
            (
                Aes128Gcm,
                "00000000000000000000000000000000",
                "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf",
            ),
            (Aes256Gcm, "", "530f8afbc74536b9a963b4f1c4cb738b"),
            (
                Aes256Gcm,
                "00000000000000000000000000000000",
                "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
            ),
        ] {
            let key = key(algorithm, &"00".repeat(algorithm.key_bytes()));
            let ciphertext = [vec![0; 12], unhex(sealed)].concat();
            assert_eq!(key.decrypt(&ciphertext).unwrap(), unhex(plaintext));
        }
    }

    /// Made by OpenSSL's AES-256-SIV with one empty text of associated data, that of the empty text
    /// by Tink, for OpenSSL refuses it. (RFC 5297 has vectors of AES-128-SIV alone.)
    #[test]
    fn ciphertexts_of_aes_siv_are_those_of_other_libraries() {
        let bytes: String = (0..64).map(|byte| format!("{byte:02x}")).collect();
        let key = key(DekAlgorithm::Aes256Siv, &bytes);
        for (plaintext, sealed) in SIV {
            assert_eq!(key.encrypt(plaintext).unwrap(), unhex(sealed));
            assert_eq!(key.decrypt(&unhex(sealed)).unwrap(), *plaintext);
        }
    }

    #[test]
    fn what_is_encrypted_is_decrypted_with_the_same_key_alone() {
        for algorithm in DekAlgorithm::ALL {
            let key = DataKey::generate(algorithm).unwrap();
            for plaintext in [&b""[..], b"text", &[7; 5_000]] {
                let sealed = key.encrypt(plaintext).unwrap();
                assert_eq!(key.decrypt(&sealed).unwrap(), plaintext);
                let is_deterministic = algorithm == DekAlgorithm::Aes256Siv;
                assert_eq!(key.encrypt(plaintext).unwrap() == sealed, is_deterministic);
                let other = DataKey::generate(algorithm).unwrap();
                assert_eq!(other.decrypt(&sealed), Err(CipherError::Foreign));
                for at in [0, sealed.len() - 1] {
                    let mut changed = sealed.clone();
                    changed[at] ^= 1;
                    assert_eq!(key.decrypt(&changed), Err(CipherError::Foreign));
                }
                let cut = &sealed[..sealed.len() - plaintext.len() - 1];
                assert_eq!(key.decrypt(cut), Err(CipherError::Foreign));
            }
        }
    }

    #[test]
    fn material_has_the_form_of_its_algorithm_and_is_read_again() {
        for (algorithm, head) in [
            (DekAlgorithm::Aes128Gcm, [0x1a, 16]),
            (DekAlgorithm::Aes256Gcm, [0x1a, 32]),
            (DekAlgorithm::Aes256Siv, [0x12, 64]),
        ] {
            let key = DataKey::generate(algorithm).unwrap();
            assert_ne!(DataKey::generate(algorithm).unwrap().bytes, key.bytes);
            let material = key.material();
            assert_eq!(*material, [&head[..], &key.bytes].concat());
            let read = DataKey::from_material(algorithm, &material).unwrap();
            assert_eq!((read.algorithm(), &read.bytes), (algorithm, &key.bytes));
        }
    }

    #[test]
    fn material_of_other_algorithms_versions_and_lengths_is_refused() {
        let gcm = DataKey::generate(DekAlgorithm::Aes256Gcm).unwrap().material();
        let of_version_1 = [&[0x08, 1], gcm.as_slice()].concat();
        let of_version_0 = [&[0x08, 0], gcm.as_slice()].concat();
        assert!(DataKey::from_material(DekAlgorithm::Aes256Gcm, &of_version_0).is_ok());
        for (algorithm, material) in [
            (DekAlgorithm::Aes128Gcm, gcm.as_slice()),
            (DekAlgorithm::Aes256Siv, &gcm),
            (DekAlgorithm::Aes256Gcm, &of_version_1),
            (DekAlgorithm::Aes256Gcm, &gcm[..20]),
            (DekAlgorithm::Aes256Gcm, b""),
            (DekAlgorithm::Aes256Siv, b""),
        ] {
            let refused = DataKey::from_material(algorithm, material).map(drop);
            assert_eq!(refused, Err(CipherError::InvalidKey(algorithm)));
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        let key = key(DekAlgorithm::Aes128Gcm, &"61".repeat(16));
        assert_eq!(format!("{key:?}"), "DataKey(AES128_GCM, ..)");
    }

    const SIV: &[(&[u8], &str)] = &[
        (b"", "6ff5b8ef53fc365606cd3ea047374885"),
        (b"A", "ce0769fdc14534a31156dfe0a0ff0cbbba"),
        (
            b"a text longer than one block of AES",
            "d32940c98abdaae57db9af6b3219a7cb91e595e378c8fb263c6b65375876d058c92895d82f2117bf7c6cd9285e43127a7a5aff",
        ),
    ];
}
