//! Questions to a language model behind an OpenAI-compatible server (`POST /v1/chat/completions`), whose answers a strict JSON schema
//! binds.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};
use xlner_core::ServerFigures;

use crate::translators::http::client::{Client, Reply, public};
use crate::translators::http::{HttpOptions, key, openai};
use crate::{Error, Result};

/// Bytes of the questions of a request, at most, where there is more than one.
const REQUEST: usize = 8000;

/// A language model that is asked several questions at once. They go as one JSON object, `{"1": …, "2": …}`, and the answers must
/// come back under the same keys. A request that fails is sent again; where an answer does not hold every question's, none of it is
/// used, and the questions are asked one by one.
pub(crate) struct Chat {
    pub model: String,
    pub name: String,
    options: HttpOptions,
    state: Mutex<State>,
}

struct State {
    client: Client,
    figures: ServerFigures,
}

/// What is asked, and how the answer is bound.
pub(crate) trait Form {
    /// What one question is about.
    type Question: ?Sized;
    /// What one answer says.
    type Answer;
    /// Name of the schema.
    const NAME: &'static str;
    /// What a server fails to say that does not answer: “does not say …”.
    const UNSAID: &'static str;

    /// What the model is told before all questions.
    fn prompt(&self, questions: &[&Self::Question]) -> String;
    /// The question.
    fn question(&self, question: &Self::Question) -> Value;
    /// The schema of its answer.
    fn schema(&self, question: &Self::Question) -> Value;
    /// The answer to a question, or what is wrong with it.
    fn read(&self, question: &Self::Question, answer: &Value) -> std::result::Result<Self::Answer, String>;
}

/// The answers, and the tokens that they cost, in and out.
type Answers<A> = (Vec<A>, [u64; 2]);

impl Chat {
    /// Makes ready to ask a server, by its address. Nothing is asked yet.
    ///
    /// # Errors
    /// [`Error::Options`] for options out of range, without a model, or where the key is not there.
    pub fn open(server: &str, options: &HttpOptions) -> Result<Chat> {
        let wrong = |problem: &str| Error::Options(format!("{}: {problem}", public(server)));
        let Some(model) = options.model.clone() else {
            return Err(wrong("which model is the server to use?"));
        };
        let bad_rate = options.rate.is_some_and(|rate| !(rate > 0.0 && rate.is_finite()));
        if options.batch == 0 || options.timeout.is_zero() || bad_rate {
            return Err(wrong("sentences per request, time limit and requests per second are greater than 0"));
        }
        let key = options.key_variable.as_deref().map(key).transpose()?;
        let client = Client::new(openai::address(server), true, key, options.clone());
        let name = client.name().to_owned();
        let state = Mutex::new(State { client, figures: ServerFigures::default() });
        Ok(Chat { model, name, options: options.clone(), state })
    }

    /// What it has done so far.
    pub fn figures(&self) -> ServerFigures {
        self.state().figures
    }

    /// The answers to questions, in their order. Each comes with its index among the sentences, for errors.
    ///
    /// # Errors
    /// [`Error::Engine`] after every retry, [`Error::Sentence`] for a question that is not answered as the schema says.
    pub fn ask<F: Form>(&self, form: &F, questions: &[(usize, &F::Question)]) -> Result<Vec<F::Answer>> {
        let mut state = self.state();
        let (mut rest, mut answers) = (questions, Vec::with_capacity(questions.len()));
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take(self.options.batch).take_while(|(_, question)| {
                bytes += form.question(question).to_string().len();
                bytes <= REQUEST
            });
            let (request, later) = rest.split_at(fits.count().max(1));
            answers.append(&mut self.request(&mut state, form, request)?);
            rest = later;
        }
        Ok(answers)
    }

    /// Counts what was worked on, and what was told and not taken.
    pub fn count(&self, sentences: u64, refused: u64) {
        let mut state = self.state();
        state.figures.sentences += sentences;
        state.figures.refused += refused;
    }

    /// The answers to the questions of a request.
    fn request<F: Form>(
        &self,
        state: &mut State,
        form: &F,
        request: &[(usize, &F::Question)],
    ) -> Result<Vec<F::Answer>> {
        if request.len() > 1 {
            let questions: Vec<&F::Question> = request.iter().map(|(_, question)| *question).collect();
            if let Reply::Good(answers) = self.together(state, form, &questions)? {
                return Ok(answers);
            }
            state.figures.split_batches += 1;
        }
        request.iter().map(|(index, question)| self.alone(state, form, question, *index)).collect()
    }

    /// The answers to questions that are sent together.
    fn together<F: Form>(
        &self,
        state: &mut State,
        form: &F,
        questions: &[&F::Question],
    ) -> Result<Reply<Vec<F::Answer>>> {
        let body = self.body(form, questions);
        state.figures.requests += 1;
        let reply = state.client.post(&body, |answer| read(form, questions, answer))?;
        state.figures.retries = state.client.retries;
        Ok(match reply {
            Reply::Good((answers, [sent, received])) => {
                state.figures.tokens_sent += sent;
                state.figures.tokens_received += received;
                Reply::Good(answers)
            }
            Reply::Bad(problem) => Reply::Bad(problem),
            Reply::Refused(problem) => Reply::Refused(problem),
        })
    }

    /// That to a question by itself.
    fn alone<F: Form>(&self, state: &mut State, form: &F, question: &F::Question, index: usize) -> Result<F::Answer> {
        let mut failures = 0;
        let problem = loop {
            match self.together(state, form, &[question])? {
                Reply::Good(mut answers) => match answers.pop() {
                    Some(answer) => return Ok(answer),
                    None => break "nothing".to_owned(),
                },
                Reply::Bad(_) if failures < self.options.retries => {
                    state.client.pause(failures, None);
                    failures += 1;
                }
                Reply::Bad(problem) | Reply::Refused(problem) => break problem,
            }
        };
        let problem = format!("{} does not say {}: {problem}", self.name, F::UNSAID);
        Err(Error::Sentence { index, problem })
    }

    fn body<F: Form>(&self, form: &F, questions: &[&F::Question]) -> Value {
        let keyed = |value: &dyn Fn(&F::Question) -> Value| -> Map<String, Value> {
            (1..).zip(questions).map(|(key, question)| (format!("{key}"), value(question))).collect()
        };
        let content = Value::Object(keyed(&|question| form.question(question))).to_string();
        let schema = object(keyed(&|question| form.schema(question)));
        json!({
            "model": self.model,
            "temperature": 0,
            "response_format": {"type": "json_schema", "json_schema": {"name": F::NAME, "strict": true, "schema": schema}},
            "messages": [{"role": "system", "content": form.prompt(questions)}, {"role": "user", "content": content}],
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The schema of an object that has all of these fields, and no other.
pub(crate) fn object(properties: Map<String, Value>) -> Value {
    let required: Vec<String> = properties.keys().cloned().collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// The answers in a reply of the server, and the tokens they cost, or what is wrong with it.
fn read<F: Form>(
    form: &F,
    questions: &[&F::Question],
    reply: &Value,
) -> std::result::Result<Answers<F::Answer>, String> {
    let content = openai::content(reply)?;
    let told: Map<String, Value> = serde_json::from_str(content.trim())
        .map_err(|_| format!("the model answers something else than the schema says: “{content}”"))?;
    if told.len() != questions.len() {
        return Err(format!("{} answers, and {} were asked for", told.len(), questions.len()));
    }
    let answers = (1..).zip(questions).map(|(key, question): (usize, _)| {
        let answer = told.get(&key.to_string()).ok_or_else(|| format!("nothing under the key {key}"))?;
        form.read(question, answer)
    });
    let answers = answers.collect::<std::result::Result<_, String>>()?;
    let tokens = |name: &str| reply.pointer(name).and_then(Value::as_u64).unwrap_or(0);
    Ok((answers, [tokens("/usage/prompt_tokens"), tokens("/usage/completion_tokens")]))
}
