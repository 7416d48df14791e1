plugins {
    id("com.android.library")
    id("org.jetbrains.kotlin.android")
}

android {
    namespace = "edgeattn"
    compileSdk = 35
    defaultConfig {
        minSdk = 26 // java.nio.file
        consumerProguardFiles("consumer-rules.pro")
    }
}

kotlin {
    jvmToolchain(17)
    compilerOptions { allWarningsAsErrors = true }
}

dependencies {
    implementation("com.microsoft.onnxruntime:onnxruntime-android:1.30.0")
    implementation("com.google.code.gson:gson:2.10.1") // a strict reader, where org.json takes comments, single quotes and a key twice
}
