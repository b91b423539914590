// The two annotations of Moshi that the models have: enough to compile them, without its library.
package com.squareup.moshi

annotation class Json(val name: String)

annotation class JsonClass(val generateAdapter: Boolean)
