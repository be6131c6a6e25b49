//! A visitor: a client with cookies that follows redirects only when told to.

use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use scraper::{Html, Selector};

/// A client with a cookie jar of its own.
#[derive(Clone)]
pub struct Visitor {
    client: Client,
    base: String,
}

/// What came back.
pub struct Page {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Visitor {
    pub fn new(base: &str) -> Self {
        fairshift::fetch::ready_tls();
        let client = Client::builder()
            .cookie_store(true)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self {
            client,
            base: base.to_owned(),
        }
    }

    /// The client itself, for requests out of the ordinary.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A path's full address.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub async fn get(&self, path: &str) -> Page {
        Page::of(self.client.get(self.address(path)).send().await.unwrap()).await
    }

    /// Sends a form as a browser does; a name may occur more than once.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let request = self
            .client
            .post(self.address(path))
            .header("origin", &self.base)
            .header("sec-fetch-site", "same-origin")
            .form(fields);
        Page::of(request.send().await.unwrap()).await
    }

    /// Sends a form that must be accepted, and returns the page that it leads to.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let answer = self.post_form(path, fields).await;
        assert_eq!(answer.status, 303, "POST {path}: {}", answer.text());
        let location = answer.location();
        self.get(location.strip_prefix(&self.base).unwrap_or(&location))
            .await
    }

    /// Signs in, which must succeed.
    pub async fn sign_in(&self, email: &str, password: &str) {
        let fields = [("email", email), ("password", password)];
        let answer = self.post_form("/sign-in", &fields).await;
        assert_eq!(answer.status, 303, "sign in: {}", answer.text());
    }
}

impl Page {
    async fn of(response: Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    /// Where a redirect leads.
    pub fn location(&self) -> String {
        let location = self.headers.get("location").expect("a redirect");
        location.to_str().unwrap().to_owned()
    }

    /// The body's text, without markup.
    pub fn text(&self) -> String {
        words(Html::parse_document(&self.body).root_element().text())
    }

    /// The texts of all elements that a CSS selector finds.
    pub fn all(&self, css: &str) -> Vec<String> {
        let selector = Selector::parse(css).unwrap();
        Html::parse_document(&self.body)
            .select(&selector)
            .map(|element| words(element.text()))
            .collect()
    }

    /// The values of an attribute, of all elements that a CSS selector finds and that have it.
    pub fn attributes(&self, css: &str, name: &str) -> Vec<String> {
        let selector = Selector::parse(css).unwrap();
        Html::parse_document(&self.body)
            .select(&selector)
            .filter_map(|element| element.attr(name).map(str::to_owned))
            .collect()
    }
}

/// Texts put together, with white space as a browser shows it.
fn words<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let text = texts.collect::<Vec<_>>().join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
