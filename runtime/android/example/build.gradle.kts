plugins {
    id("com.android.application")
    id("org.jetbrains.kotlin.android")
}

android {
    namespace = "edgeattn.example"
    compileSdk = 35
    defaultConfig {
        applicationId = "edgeattn.example"
        minSdk = 26
        targetSdk = 35
    }
}

kotlin {
    jvmToolchain(17)
    compilerOptions { allWarningsAsErrors = true }
}

dependencies { implementation(project(":edgeattn")) }
