//! The features by name.

macro_rules! features {
    ($(#[$doc:meta])* $enum:ident { $($(#[$variant_doc:meta])* $name:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(usize)]
        pub(crate) enum $enum { $($(#[$variant_doc])* $name,)* }

        impl $enum {
            /// Names in the order of the feature vector.
            pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),*];
            /// Number of features.
            pub(crate) const COUNT: usize = Self::NAMES.len();
        }
    };
}

features! {
    /// What is measured of an entity and a candidate. Those up to `InsideTokens` are sums over the tokens of the candidate.
    ///
    /// A token's *link* to the entity is the larger of its posterior masses in the two directions, at most 1; its
    /// *weight* tells how rare it is.
    Feature {
        /// Posterior mass from the entity (target given source).
        InsideForward,
        /// Posterior mass to the entity (source given target), at most 1 a token.
        InsideReverse,
        /// Product of the two.
        InsideBoth,
        /// Mass from no source token.
        InsideUnlinked,
        /// Mass from source tokens outside the entity.
        LeakForward,
        /// Mass to source tokens outside the entity, at most 1 a token.
        LeakReverse,
        /// Forward mass from other entities.
        LeakEntity,
        /// Forward mass times weight.
        InsideForwardWeighted,
        /// Leaking forward mass times weight.
        LeakForwardWeighted,
        /// Log-odds of the forward mass.
        ForwardOdds,
        /// Log-odds of the reverse mass.
        ReverseOdds,
        /// Tokens with a capital that have no link.
        UnlinkedCapital,
        /// The same, times the information of a capital in this language.
        UnlinkedCapitalInformed,
        /// Lower-case tokens without link, by weight.
        UnlinkedLowerWeighted,
        /// Lower-case tokens without link, by one minus weight.
        UnlinkedLowerFunction,
        /// Punctuation without link.
        UnlinkedPunctuation,
        /// Numbers without link.
        UnlinkedDigit,
        /// Similarity to the most similar token of the entity.
        TokenSimilarity,
        /// Translation probability against the best source token of the sentence, forward.
        LexicalForwardShare,
        /// The same, reverse.
        LexicalReverseShare,
        /// Share of the entity's tokens explained.
        Coverage,
        /// Share of the entity's tokens explained, weighted.
        CoverageWeighted,
        /// Tokens with a capital, times the information of a capital.
        InsideCapital,
        /// Lower-case tokens, times the information of a capital.
        InsideLower,
        /// Punctuation.
        InsidePunctuation,
        /// Tokens.
        InsideTokens,

        /// First token: link.
        StartLink,
        /// First token: without link, function word.
        StartUnlinkedFunction,
        /// First token: without link, lower-case content word.
        StartUnlinkedContent,
        /// First token: without link, capital.
        StartUnlinkedCapital,
        /// First token: punctuation.
        StartPunctuation,
        /// First token: share of its form's occurrences without link.
        StartUnlinkedRate,
        /// First token: mass from the source token before the entity.
        StartNeighbour,
        /// First token: linked function word.
        StartLinkedFunction,
        /// First token: mass from source tokens outside.
        StartLeak,
        /// First token: lower-case, times the information of a capital.
        StartLower,
        /// Token before: link.
        BeforeLink,
        /// Token before: similarity to the entity.
        BeforeSimilarity,
        /// Token before: capital without link to anything.
        BeforeCapital,
        /// Token before: function word with a link.
        BeforeLinkedFunction,
        /// Last token: as the first.
        EndLink,
        /// See `StartUnlinkedFunction`.
        EndUnlinkedFunction,
        /// See `StartUnlinkedContent`.
        EndUnlinkedContent,
        /// See `StartUnlinkedCapital`.
        EndUnlinkedCapital,
        /// See `StartPunctuation`.
        EndPunctuation,
        /// See `StartUnlinkedRate`.
        EndUnlinkedRate,
        /// Last token: mass from the source token after the entity.
        EndNeighbour,
        /// See `StartLinkedFunction`.
        EndLinkedFunction,
        /// See `StartLeak`.
        EndLeak,
        /// See `StartLower`.
        EndLower,
        /// Token after: link.
        AfterLink,
        /// See `BeforeSimilarity`.
        AfterSimilarity,
        /// See `BeforeCapital`.
        AfterCapital,
        /// See `BeforeLinkedFunction`.
        AfterLinkedFunction,

        /// How much longer than the entity, logarithm of the ratio of tokens.
        Longer,
        /// How much shorter.
        Shorter,
        /// As long.
        SameLength,
        /// Entity and candidate have one token.
        BothSingle,
        /// How much longer in characters, logarithm.
        LongerText,
        /// How much shorter in characters.
        ShorterText,
        /// Similarity of the folded texts.
        Similarity,
        /// Similarity of the folded texts above 0.8.
        VerySimilar,
        /// The folded texts are equal.
        Equal,
        /// Share of the entity's tokens that are explained, each at most once.
        Covered,
        /// Square of the share that is not.
        UncoveredSquare,
        /// Every token of the entity has its best link inside.
        BestLinksInside,
        /// Mean log translation probability of the entity given the candidate (best token each).
        LexicalReverse,
        /// Mean log translation probability of the candidate given the entity (best token each).
        LexicalForward,
        /// A bracket is open.
        Bracket,
        /// A quotation mark is open.
        Quotes,
        /// Difference in the number of tokens with a capital, times the information of a capital.
        CapitalDifference,
        /// The entity has a capital and the candidate has none, times the information of a capital.
        CapitalLost,
        /// More punctuation than in the entity.
        MorePunctuation,
        /// Less punctuation than in the entity.
        LessPunctuation,
        /// Both have digits and the same.
        SameDigits,
        /// Digits differ.
        OtherDigits,
        /// One is made of the initials of the other, or has the same letters.
        Acronym,
        /// Distance of the relative positions in the sentences.
        Distance,
        /// Share of the tokens inside that have no link.
        Gaps,

        /// How often this form is the projection of the entity's form elsewhere: share.
        Consistent,
        /// The entity's form was seen elsewhere and this form is not its projection there.
        Inconsistent,
        /// How often this form, where it is a projection, is that of the entity's form.
        ConsistentReverse,
        /// Log ratio: the first token starts projections rather than standing before them.
        StartHabit,
        /// Log ratio: the last token ends projections rather than standing after them.
        EndHabit,
        /// Log ratio for the token before: stands before projections rather than starting them.
        BeforeHabit,
        /// Log ratio for the token after.
        AfterHabit,
    }
}

features! {
    /// What is measured of an entity that may have no counterpart.
    NullFeature {
        /// 1.
        Bias,
        /// Largest link of a target token.
        BestLink,
        /// Share of the entity's tokens linked to anything, reverse.
        Linked,
        /// Forward mass over the number of tokens.
        ForwardMass,
        /// Best similarity of a target token.
        BestSimilarity,
        /// Logarithm of the number of tokens.
        Length,
        /// No capital.
        Lower,
        /// Starts the sentence.
        First,
        /// Share of the occurrences of its tokens that are tagged.
        Tagged,
        /// Share of the occurrences of the entity that have this label.
        LabelAgreement,
        /// Log ratio of lengths of the sentences.
        Ratio,
        /// Weight of its tokens, mean.
        Weight,
        /// How often the entity's form has no projection elsewhere.
        Absent,
    }
}
