//! The encoders, and how one is opened.

use crate::{Encoder, Precision, Result};

/// Opens an encoder: a folder as Hugging Face keeps models, or a name on the Hub ([`hub::resolve`](crate::hub::resolve)). Its
/// vectors are those behind `layer`; 0 is the embeddings, `None` the last. It calculates in `precision`.
///
/// # Errors
/// [`Error::Options`](crate::Error::Options) where there is no such layer, or transformers are not built in; else where the
/// model is not there, damaged, or of another kind.
pub fn open_encoder(name: &str, layer: Option<usize>, precision: Precision) -> Result<Box<dyn Encoder>> {
    #[cfg(feature = "transformers")]
    {
        let folder = crate::hub::resolve(name, None)?;
        Ok(Box::new(crate::transformer::TransformerEncoder::load(&folder, layer, precision)?))
    }
    #[cfg(not(feature = "transformers"))]
    {
        let _ = (layer, precision);
        Err(crate::Error::Options(format!("{name}: this xlner was built without the feature `transformers`")))
    }
}
