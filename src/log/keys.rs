//! The key that signs checkpoints: Ed25519, in the text form of C2SP `signed-note`.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use signed_note::{Signer, StandardSigner};

use super::Failure;

const FILE: &str = "checkpoint.key";

/// Signs as the log's origin, or under the name that a key handed in bears.
pub struct Keys {
    signer: StandardSigner,
    verifier: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({})", self.verifier)
    }
}

impl Keys {
    /// From the text `PRIVATE+KEY+<name>+<id>+<base64>`.
    pub fn from_text(text: &str) -> Result<Self, Failure> {
        let text = text.trim();
        let bad = |why: String| {
            Failure::Read(format!(
                "the signing key is not of the form PRIVATE+KEY+<name>+<id>+<base64> ({why})"
            ))
        };
        let signer = StandardSigner::new(text).map_err(|error| bad(error.to_string()))?;
        let secret = text.splitn(5, '+').nth(4).and_then(|key| BASE64.decode(key).ok());
        // The first byte names the algorithm; the signer has checked all of it.
        let secret: Option<[u8; 32]> = secret.and_then(|bytes| bytes.get(1..)?.try_into().ok());
        let secret = secret.ok_or_else(|| bad("32 bytes are needed".into()))?;
        let public = ed25519_dalek::SigningKey::from_bytes(&secret).verifying_key();
        let verifier = signed_note::new_ed25519_verifier_key(signer.name(), &public);
        Ok(Self { signer, verifier })
    }

    /// A new key with this name, and its text.
    pub fn generate(name: &str) -> Result<(Self, String), Failure> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| Failure::Read(format!("no randomness: {error}")))?;
        let key = ed25519_dalek::SigningKey::from_bytes(&secret);
        let public = signed_note::new_ed25519_verifier_key(name, &key.verifying_key());
        let id = public.split('+').nth(1).expect("a verifier key has three parts").to_owned();
        let mut tagged = vec![1]; // Ed25519
        tagged.extend(secret);
        let text = format!("PRIVATE+KEY+{name}+{id}+{}", BASE64.encode(tagged));
        Ok((Self::from_text(&text)?, text))
    }

    /// The key under `folder`, made at the first call: file mode 0600, folder mode 0700.
    pub fn open(folder: &Path, name: &str) -> Result<Self, Failure> {
        let path = folder.join(FILE);
        let failed = |error: io::Error| Failure::Read(format!("{}: {error}", path.display()));
        match fs::read_to_string(&path) {
            Ok(text) => {
                let mode = fs::metadata(&path).map_err(failed)?.permissions().mode();
                if mode & 0o077 != 0 {
                    return Err(Failure::Read(format!(
                        "{} can be read by others (mode {:o}): run chmod 600 on it",
                        path.display(),
                        mode & 0o777
                    )));
                }
                Self::from_text(&text)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let (keys, text) = Self::generate(name)?;
                write_key(folder, &path, &text).map_err(failed)?;
                Ok(keys)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// What others check the checkpoints with: `<name>+<id>+<base64>`.
    pub fn verifier_key(&self) -> &str {
        &self.verifier
    }

    pub(super) fn signer(&self) -> &StandardSigner {
        &self.signer
    }
}

/// Moves a key out of the way, so that a restored log makes its own: `checkpoint-<key id>.key`.
pub(super) fn set_aside(folder: &Path) -> io::Result<()> {
    let path = folder.join(FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let id = Keys::from_text(&text).ok().and_then(|keys| keys.verifier.split('+').nth(1).map(str::to_owned));
    fs::rename(&path, folder.join(format!("checkpoint-{}.key", id.as_deref().unwrap_or("unreadable"))))?;
    fs::File::open(folder)?.sync_all()
}

/// The whole key or none: written beside its place, synced, then moved.
fn write_key(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let new = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(format!("{text}\n").as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept_from_others() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("keys");
        let made = Keys::open(&folder, "quorate/test").unwrap();
        let again = Keys::open(&folder, "quorate/other").unwrap();
        assert_eq!(made.verifier_key(), again.verifier_key());
        assert!(made.verifier_key().starts_with("quorate/test+"));
        let path = folder.join("checkpoint.key");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Keys::open(&folder, "quorate/test").unwrap_err().to_string().contains("chmod 600"));
    }

    #[test]
    fn a_key_that_is_none_is_refused() {
        assert!(Keys::from_text("secret").unwrap_err().to_string().contains("PRIVATE+KEY"));
    }
}
