//! A device that makes a passkey and answers by it, as WebAuthn (Level 3, 6 and 7) tells devices to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minicbor::Encoder;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Somebody is there, and it has been checked who; a new key comes along.
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const WITH_KEY: u8 = 0x40;

/// One passkey on a device.
#[derive(Clone)]
pub(super) struct Authenticator {
    key: SigningKey,
    id: [u8; 16],
    handle: String,
    service: String,
    /// The address of the page on which it is used.
    pub(super) origin: String,
    /// How often it was used.
    pub(super) count: u32,
    /// Whether it asks who is there.
    pub(super) verifies: bool,
}

impl Authenticator {
    /// Makes a passkey of what the server asked for; `seed` tells one from the other.
    pub(super) fn make(asked: &Value, origin: &str, seed: u8) -> (Self, Value) {
        let asked = &asked["publicKey"];
        let selection = &asked["authenticatorSelection"];
        assert_eq!(
            (&selection["residentKey"], &selection["userVerification"]),
            (&json!("required"), &json!("required"))
        );
        let own = Self {
            key: SigningKey::from_slice(&[seed; 32]).unwrap(),
            id: [seed; 16],
            handle: asked["user"]["id"].as_str().unwrap().to_owned(),
            service: asked["rp"]["id"].as_str().unwrap().to_owned(),
            origin: origin.to_owned(),
            count: 0,
            verifies: true,
        };
        let point = own.key.verifying_key().to_sec1_point(false);
        let (x, y) = (point.x().unwrap(), point.y().unwrap());
        let mut key = Encoder::new(Vec::new());
        key.map(5).unwrap().i8(1).unwrap().u8(2).unwrap().i8(3).unwrap().i8(-7).unwrap();
        key.i8(-1)
            .unwrap()
            .u8(1)
            .unwrap()
            .i8(-2)
            .unwrap()
            .bytes(x)
            .unwrap()
            .i8(-3)
            .unwrap()
            .bytes(y)
            .unwrap();
        let mut data = own.data(WITH_KEY);
        data.extend([0; 16]);
        data.extend(16_u16.to_be_bytes());
        data.extend(own.id);
        data.extend(key.into_writer());
        let mut object = Encoder::new(Vec::new());
        object.map(3).unwrap().str("fmt").unwrap().str("none").unwrap();
        object.str("attStmt").unwrap().map(0).unwrap().str("authData").unwrap().bytes(&data).unwrap();
        let response = json!({
            "attestationObject": text(&object.into_writer()),
            "clientDataJSON": text(&own.client("webauthn.create", asked)),
            "transports": ["internal"],
        });
        let made = own.credential(response);
        (own, made)
    }

    /// Answers what the server asked for.
    pub(super) fn answer(&mut self, asked: &Value) -> Value {
        let asked = &asked["publicKey"];
        assert_eq!(asked["rpId"], self.service.as_str());
        assert_eq!(asked["allowCredentials"], json!([]), "whoever it is");
        self.count += 1;
        let (data, client) = (self.data(0), self.client("webauthn.get", asked));
        let signed = [&data[..], &Sha256::digest(&client)].concat();
        let signature: Signature = self.key.sign(&signed);
        self.credential(json!({
            "authenticatorData": text(&data),
            "clientDataJSON": text(&client),
            "signature": text(signature.to_der().as_bytes()),
            "userHandle": self.handle,
        }))
    }

    fn data(&self, more: u8) -> Vec<u8> {
        let verified = if self.verifies { VERIFIED } else { 0 };
        let mut data = Sha256::digest(&self.service).to_vec();
        data.push(PRESENT | verified | more);
        data.extend(self.count.to_be_bytes());
        data
    }

    fn client(&self, kind: &str, asked: &Value) -> Vec<u8> {
        let challenge = &asked["challenge"];
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    fn credential(&self, response: Value) -> Value {
        let id = text(&self.id);
        json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": { "credProps": { "rk": true } },
            "response": response,
        })
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
