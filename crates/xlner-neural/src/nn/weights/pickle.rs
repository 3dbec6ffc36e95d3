//! Python's pickle format, as far as `torch.save` of a dictionary of tensors needs it.
//!
//! A pickle is a program for a small stack machine. Only those instructions are followed that build tuples, lists, dictionaries,
//! numbers, strings and tensors; the three functions that such a pickle calls are known by name. Whatever else a pickle
//! asks for is refused: nothing is ever imported or called.
//!
//! Tuples and dictionaries lie in lists of the machine, and a value is their number there. So what is nested deeply or kept many times
//! takes no more memory than the pickle's length allows, and is given up without recursion.

use std::collections::BTreeMap;
use std::rc::Rc;

type Result<T> = std::result::Result<T, String>;

/// Dimensions of a tensor, at most; PyTorch's own limit.
const DIMENSIONS: usize = 64;
/// Longest name of a function or of a file of values, bytes.
const NAME: usize = 256;

/// Values that are kept in a file of their own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Storage {
    /// `FloatStorage`, `HalfStorage`, …
    pub class: Rc<str>,
    /// The name of the file.
    pub key: Rc<str>,
}

/// A tensor: a part of a storage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tensor {
    pub storage: Storage,
    /// Its first value.
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
}

#[derive(Debug, Clone)]
enum Value {
    Mark,
    None,
    Bool,
    Int(i64),
    Text(Rc<str>),
    Function(Rc<str>),
    /// By its number in [`Machine::tuples`].
    Tuple(usize),
    List,
    /// By its number in [`Machine::dictionaries`].
    Dict(usize),
    Storage(Rc<Storage>),
    Tensor(Rc<Tensor>),
}

/// The tensors of a pickled dictionary, by name; one that is not a tensor is left out.
pub(super) fn tensors(bytes: &[u8]) -> Result<BTreeMap<String, Tensor>> {
    let mut machine = Machine { bytes, ..Machine::default() };
    let Value::Dict(number) = machine.run()? else {
        return Err("this is not a dictionary of tensors".into());
    };
    let mut tensors = BTreeMap::new();
    for (key, value) in &machine.dictionaries[number] {
        if let (Value::Text(name), Value::Tensor(tensor)) = (key, value) {
            tensors.insert(name.to_string(), Tensor::clone(tensor));
        }
    }
    Ok(tensors)
}

#[derive(Default)]
struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    memo: BTreeMap<usize, Value>,
    tuples: Vec<Vec<Value>>,
    dictionaries: Vec<Vec<(Value, Value)>>,
}

impl<'a> Machine<'a> {
    fn run(&mut self) -> Result<Value> {
        loop {
            let at = self.at;
            let instruction = self.take(1)?[0];
            match instruction {
                b'.' => return self.pop(),
                b'(' => self.stack.push(Value::Mark),
                b'N' => self.stack.push(Value::None),
                b'\x88' | b'\x89' => self.stack.push(Value::Bool),
                b'J' => {
                    let value = self.number(4)? as u32 as i32;
                    self.stack.push(Value::Int(value.into()));
                }
                b'K' => self.int(1)?,
                b'M' => self.int(2)?,
                b'\x8a' => self.long()?,
                b'G' => {
                    self.take(8)?;
                    self.stack.push(Value::None);
                }
                b'X' => self.text(4)?,
                b'\x8c' => self.text(1)?,
                b'}' => self.dictionary(),
                b']' => self.stack.push(Value::List),
                b')' => self.tuple(Vec::new()),
                b't' => {
                    let items = self.marked()?;
                    self.tuple(items);
                }
                b'\x85'..=b'\x87' => {
                    let start = self.stack.len().checked_sub(usize::from(instruction - b'\x84'));
                    let items = self.stack.split_off(start.ok_or("a tuple is longer than what was built")?);
                    self.tuple(items);
                }
                b's' => {
                    let (value, key) = (self.pop()?, self.pop()?);
                    self.insert(vec![key, value])?;
                }
                b'u' => {
                    let items = self.marked()?;
                    self.insert(items)?;
                }
                b'a' => {
                    self.pop()?;
                }
                b'e' => {
                    self.marked()?;
                }
                b'c' => {
                    let (module, name) = (self.line()?, self.line()?);
                    self.function(module, name)?;
                }
                b'\x93' => {
                    let (Value::Text(name), Value::Text(module)) = (self.pop()?, self.pop()?) else {
                        return Err("a function without a name".into());
                    };
                    self.function(&module, &name)?;
                }
                b'Q' => {
                    let id = self.pop()?;
                    let storage = self.storage(&id)?;
                    self.stack.push(Value::Storage(Rc::new(storage)));
                }
                b'R' => {
                    let (arguments, function) = (self.pop()?, self.pop()?);
                    self.call(&function, &arguments)?;
                }
                // The attributes of the dictionary (`_metadata`): nothing that is a weight.
                b'b' => {
                    self.pop()?;
                }
                b'q' => self.memorise(1)?,
                b'r' => self.memorise(4)?,
                b'\x94' => {
                    let value = self.top()?.clone();
                    self.memo.insert(self.memo.len(), value);
                }
                b'h' => self.recall(1)?,
                b'j' => self.recall(4)?,
                b'\x80' => {
                    self.take(1)?;
                }
                b'\x95' => {
                    self.take(8)?;
                }
                other => {
                    return Err(format!(
                        "byte {at}: instruction {other:#04x} is not needed for weights and not followed"
                    ));
                }
            }
        }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len()).ok_or("it ends too early")?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn number(&mut self, bytes: usize) -> Result<usize> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    fn int(&mut self, bytes: usize) -> Result<()> {
        let value = self.number(bytes)? as i64;
        self.stack.push(Value::Int(value));
        Ok(())
    }

    fn long(&mut self) -> Result<()> {
        let length = self.number(1)?;
        if length > 8 {
            return Err(format!("a number of {length} bytes"));
        }
        let bytes = self.take(length)?;
        let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let start = if negative { -1i64 } else { 0 };
        let value = bytes.iter().rev().fold(start, |number, byte| number << 8 | i64::from(*byte));
        self.stack.push(Value::Int(value));
        Ok(())
    }

    fn text(&mut self, bytes: usize) -> Result<()> {
        let length = self.number(bytes)?;
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| "a name is not UTF-8")?;
        self.stack.push(Value::Text(text.into()));
        Ok(())
    }

    fn line(&mut self) -> Result<&'a str> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| *byte == b'\n').ok_or("it ends too early")?;
        self.at += length + 1;
        std::str::from_utf8(&rest[..length]).map_err(|_| "a name is not UTF-8".into())
    }

    fn top(&mut self) -> Result<&mut Value> {
        self.stack.last_mut().ok_or_else(|| "it takes what was not built".into())
    }

    fn pop(&mut self) -> Result<Value> {
        self.stack.pop().ok_or_else(|| "it takes what was not built".into())
    }

    fn marked(&mut self) -> Result<Vec<Value>> {
        let mark = self.stack.iter().rposition(|value| matches!(value, Value::Mark)).ok_or("there is no mark")?;
        let items = self.stack.split_off(mark + 1);
        self.stack.pop();
        Ok(items)
    }

    fn insert(&mut self, items: Vec<Value>) -> Result<()> {
        let Value::Dict(number) = *self.top()? else { return Err("it fills what is no dictionary".into()) };
        let mut items = items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            self.dictionaries[number].push((key, value));
        }
        Ok(())
    }

    fn memorise(&mut self, bytes: usize) -> Result<()> {
        let (number, value) = (self.number(bytes)?, self.top()?.clone());
        self.memo.insert(number, value);
        Ok(())
    }

    fn recall(&mut self, bytes: usize) -> Result<()> {
        let number = self.number(bytes)?;
        let value = self.memo.get(&number).cloned().ok_or("it takes what was not kept")?;
        self.stack.push(value);
        Ok(())
    }

    fn tuple(&mut self, items: Vec<Value>) {
        self.stack.push(Value::Tuple(self.tuples.len()));
        self.tuples.push(items);
    }

    fn dictionary(&mut self) {
        self.stack.push(Value::Dict(self.dictionaries.len()));
        self.dictionaries.push(Vec::new());
    }

    fn function(&mut self, module: &str, name: &str) -> Result<()> {
        if module.len() + name.len() > NAME {
            return Err("the name of a function is too long".into());
        }
        self.stack.push(Value::Function(format!("{module}.{name}").into()));
        Ok(())
    }

    /// What a persistent id stands for: `('storage', class, key, device, count)`.
    fn storage(&self, id: &Value) -> Result<Storage> {
        if let Value::Tuple(number) = id
            && let [Value::Text(kind), Value::Function(class), Value::Text(key), ..] = &self.tuples[*number][..]
            && **kind == *"storage"
            && let Some(class) = class.strip_prefix("torch.")
            && key.len() <= NAME
            && key.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Ok(Storage { class: class.into(), key: Rc::clone(key) });
        }
        Err("values are kept in a way that torch.save does not use".into())
    }

    fn call(&mut self, function: &Value, arguments: &Value) -> Result<()> {
        let (Value::Function(function), Value::Tuple(number)) = (function, arguments) else {
            return Err("it calls what is no function".into());
        };
        match (&**function, &self.tuples[*number][..]) {
            ("collections.OrderedDict", []) => self.dictionary(),
            ("torch._utils._rebuild_tensor_v2", [Value::Storage(storage), Value::Int(offset), shape, strides, ..]) => {
                let offset = usize::try_from(*offset).map_err(|_| "a tensor begins before its values")?;
                let (shape, strides) = (self.sizes(shape)?, self.sizes(strides)?);
                if shape.len() != strides.len() {
                    return Err("a tensor's shape and strides do not fit".into());
                }
                let tensor = Tensor { storage: Storage::clone(storage), offset, shape, strides };
                self.stack.push(Value::Tensor(Rc::new(tensor)));
            }
            ("torch._utils._rebuild_parameter", [Value::Tensor(tensor), ..]) => {
                let tensor = Value::Tensor(Rc::clone(tensor));
                self.stack.push(tensor);
            }
            (other, _) => return Err(format!("it would call {other}, which weights do not need; it was not called")),
        }
        Ok(())
    }

    fn sizes(&self, value: &Value) -> Result<Vec<usize>> {
        let Value::Tuple(number) = value else { return Err("a tensor's shape is no tuple".into()) };
        let sizes = &self.tuples[*number];
        if sizes.len() > DIMENSIONS {
            return Err(format!("a tensor of {} dimensions; there are {DIMENSIONS} at most", sizes.len()));
        }
        let sizes = sizes.iter().map(|size| match size {
            Value::Int(size) => usize::try_from(*size).map_err(|_| "a tensor's size is negative".to_owned()),
            _ => Err("a tensor's size is no number".to_owned()),
        });
        sizes.collect()
    }
}
