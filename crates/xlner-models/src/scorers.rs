//! How what scores translations is opened.

use crate::{Result, TranslationScorer};

/// Opens a translation model that says how probable given translations are: NLLB-200 or M2M100, a folder as Hugging Face keeps
/// models or a name on its Hub ([`hub::resolve`](crate::hub::resolve)), which calculates in `f32` or `int8`.
///
/// # Errors
/// [`Error::Options`](crate::Error::Options) for another precision, a language that the model does not know, or where transformers are not
/// built in; else where the model is not there, damaged, or of another kind.
pub fn open_scorer(name: &str, precision: &str, [from, to]: [&str; 2]) -> Result<Box<dyn TranslationScorer>> {
    #[cfg(feature = "transformers")]
    {
        use crate::seq2seq::{Seq2Seq, Seq2SeqOptions};
        let options = Seq2SeqOptions { precision: Some(precision.parse()?), ..Seq2SeqOptions::default() };
        let scorer = Seq2Seq::open(name, from, to, &options)?;
        if scorer.is_marian() {
            let problem =
                format!("{name} is a Marian model, which translates in one direction; take NLLB-200 or M2M100");
            return Err(crate::Error::Options(problem));
        }
        // The other way as well, found out before the long work.
        scorer.knows(to, from)?;
        Ok(Box::new(scorer))
    }
    #[cfg(not(feature = "transformers"))]
    {
        let _ = (precision, from, to);
        Err(crate::Error::Options(format!(
            "{name}: this build has no translation models; build with `--features transformers`"
        )))
    }
}
