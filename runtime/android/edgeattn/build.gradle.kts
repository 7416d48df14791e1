plugins {
    id("com.android.library")
    id("org.jetbrains.kotlin.android")
    id("maven-publish")
}

group = "dev.edgeattn"
// The release is the core's, said once.
version = Regex("EDGEATTN_VERSION \"(.+)\"").find(file("../../cpp/include/edgeattn_export.h").readText())!!.groupValues[1]

val onnxruntime = "com.microsoft.onnxruntime:onnxruntime-android:1.30.0"
val engine by configurations.creating
val engineFolder = layout.buildDirectory.dir("engine")

// The core is built on the headers and libraries of onnxruntime's own package.
val unpackEngine by tasks.registering(Sync::class) {
    from({ zipTree(engine.singleFile) }) { include("headers/**", "jni/**") }
    into(engineFolder)
}

android {
    namespace = "edgeattn"
    compileSdk = 35
    defaultConfig {
        minSdk = 26
        consumerProguardFiles("consumer-rules.pro")
        externalNativeBuild {
            cmake {
                val folder = engineFolder.get().asFile
                arguments("-DANDROID_STL=c++_static", "-DONNXRUNTIME_AAR=$folder")
            }
        }
    }
    externalNativeBuild { cmake { path = file("src/main/cpp/CMakeLists.txt") } }
    buildFeatures { prefab = true }
    publishing { singleVariant("release") { withSourcesJar() } }
}

tasks.matching { it.name.startsWith("configureCMake") }.configureEach { dependsOn(unpackEngine) }

kotlin {
    jvmToolchain(17)
    compilerOptions { allWarningsAsErrors = true }
}

dependencies {
    engine("$onnxruntime@aar")
    implementation(onnxruntime) // for its libonnxruntime.so
    implementation("com.android.ndk.thirdparty:openssl:1.1.1q-beta-1") // for its libcrypto.so
    api("org.jetbrains.kotlinx:kotlinx-coroutines-core:1.8.0")
}

publishing {
    publications {
        register<MavenPublication>("release") {
            artifactId = "edgeattn-android"
            afterEvaluate { from(components["release"]) }
        }
    }
}
