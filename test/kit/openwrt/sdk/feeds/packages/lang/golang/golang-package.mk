# Stands for the packages feed's golang-package.mk: GO_PROGRAM takes the place of what Go would build.
GO_ARCH_DEPENDS:=@GO_ARCH

define GoPackage/Package/Install/Bin
	$(INSTALL_DIR) $(1)/usr/bin
	$(INSTALL_BIN) $(GO_PROGRAM) $(1)/usr/bin/$(PKG_NAME)
endef

define GoBinPackage
  ifndef Package/$(1)/install
    Package/$(1)/install=$$(call GoPackage/Package/Install/Bin,$$(1))
  endif
endef
